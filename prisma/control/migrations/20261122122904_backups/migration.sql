-- CreateTable
CREATE TABLE "Backup" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "origin" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "finishedAt" DATETIME NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "jobId" TEXT,
    "fileName" TEXT,
    "sizeBytes" BIGINT,
    "sha256" TEXT,
    "engine" TEXT NOT NULL,
    "format" TEXT,
    "encryption" TEXT NOT NULL,
    "locked" BOOLEAN NOT NULL DEFAULT false,
    "foreign" BOOLEAN NOT NULL DEFAULT false,
    "manifest" TEXT,
    "trial" TEXT,
    "error" TEXT
);

-- CreateTable
CREATE TABLE "BackupCopy" (
    "backupId" TEXT NOT NULL,
    "destinationId" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "sizeBytes" BIGINT,
    "at" DATETIME NOT NULL,
    "error" TEXT,

    PRIMARY KEY ("backupId", "destinationId"),
    CONSTRAINT "BackupCopy_backupId_fkey" FOREIGN KEY ("backupId") REFERENCES "Backup" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "Backup_createdAt_idx" ON "Backup"("createdAt");
