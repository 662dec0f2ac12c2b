/**
 * How the rows of the CVs are read, on either engine: for whoever holds rows and files against each other from a snapshot
 * (backups), where Prisma's client cannot look. In the order of the bytes of the path.
 */
export const cvRowQueries = {
  table: 'CvFile',
  all: 'SELECT "storagePath", "sizeBytes", "sha256" FROM "CvFile" ORDER BY "storagePath"',
} as const
