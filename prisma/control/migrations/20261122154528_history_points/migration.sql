-- CreateTable
CREATE TABLE "HistoryPoint" (
    "span" TEXT NOT NULL,
    "at" DATETIME NOT NULL,
    "engine" TEXT NOT NULL,
    "figures" TEXT NOT NULL,

    PRIMARY KEY ("span", "at")
);

-- CreateIndex
CREATE INDEX "HistoryPoint_at_idx" ON "HistoryPoint"("at");
