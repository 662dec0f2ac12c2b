import { z } from 'zod'

const count = z.number().int().nonnegative()

/** What the active database looks like now, for the overview page. A part that could not be read is null and listed in `unknown`. */
export const overviewSchema = z.object({
  engine: z.enum(['sqlite', 'postgresql']),
  /** File path relative to the app's folder, or user@host:port/database. */
  label: z.string(),
  version: z.string().nullable(),
  readAt: z.iso.datetime(),
  /** The database as a whole; on SQLite without the WAL file. */
  sizeBytes: count.nullable(),
  /** Rows of the table `User`; null where there is no such table or it could not be counted. */
  users: count.nullable(),
  tables: z.array(
    z.object({
      table: z.string(),
      rows: count.nullable(),
      /** False: an estimate, because counting would have taken too long. */
      rowsExact: z.boolean(),
      /** With its indexes. */
      sizeBytes: count.nullable(),
    }),
  ),
  /** Null on PostgreSQL. */
  sqlite: z
    .object({
      journalMode: z.string(),
      pageSizeBytes: count,
      pages: count,
      /** Pages that hold nothing; VACUUM gives them back. */
      freePages: count,
      /** Changes not yet carried into the file. */
      walSizeBytes: count,
    })
    .nullable(),
  /** Null on SQLite. */
  postgresql: z
    .object({
      connections: count.nullable(),
      maxConnections: count.nullable(),
      encoding: z.string().nullable(),
      timeZone: z.string().nullable(),
    })
    .nullable(),
  /** Parts that could not be read, and why. */
  unknown: z.array(z.object({ part: z.string(), reason: z.string() })),
})

export type Overview = z.infer<typeof overviewSchema>
export type OverviewTable = Overview['tables'][number]
