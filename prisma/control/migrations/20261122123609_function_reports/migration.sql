-- CreateTable
CREATE TABLE "FunctionReport" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "createdAt" DATETIME NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "result" TEXT NOT NULL,
    "checksum" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "FunctionTick" (
    "reportId" TEXT NOT NULL,
    "item" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "at" DATETIME NOT NULL,
    "by" TEXT NOT NULL,

    PRIMARY KEY ("reportId", "item"),
    CONSTRAINT "FunctionTick_reportId_fkey" FOREIGN KEY ("reportId") REFERENCES "FunctionReport" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "FunctionReport_createdAt_idx" ON "FunctionReport"("createdAt");
