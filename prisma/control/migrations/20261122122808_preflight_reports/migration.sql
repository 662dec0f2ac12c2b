-- CreateTable
CREATE TABLE "PreflightReport" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "jobId" TEXT,
    "createdAt" DATETIME NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "result" TEXT NOT NULL,
    "checksum" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "PreflightReport_createdAt_idx" ON "PreflightReport"("createdAt");
