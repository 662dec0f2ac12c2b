-- CreateTable
CREATE TABLE "Alarm" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "cause" TEXT NOT NULL,
    "raisedAt" DATETIME NOT NULL,
    "clearedAt" DATETIME,
    "detail" TEXT NOT NULL,
    "sent" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "Alarm_clearedAt_idx" ON "Alarm"("clearedAt");

-- CreateIndex
CREATE INDEX "Alarm_raisedAt_idx" ON "Alarm"("raisedAt");
