import { z } from 'zod'

/**
 * What an archive says of itself: the first member, `manifest.json`. A contract file: pages show it.
 *
 *   manifest.json          this
 *   SHA256SUMS             every other member, as `sha256sum --check` reads it
 *   database/…             by `database.format`, see below
 *   cv_data/…              the encrypted files that the rows name, as they lie on the disk
 *   .env                   only in encrypted archives, when asked for
 */
export const manifestName = 'manifest.json'
export const sumsName = 'SHA256SUMS'
export const filesPrefix = 'cv_data/'
export const environmentName = '.env'

/** Raised when a reader of the version before could no longer read it. */
export const formatVersion = 1

/**
 * sqlite: `database/app.db`, a file that is ready to use. custom: `database/database.dump`, for pg_restore. plain:
 * `database/database.sql.gz`, for psql. portable: `database/restore.sql` for psql, which takes `schema.sql`, one
 * `data/NNNN.copy` a table, and `structure.sql`; written without PostgreSQL's own programs.
 */
export const databaseFormats = ['sqlite', 'custom', 'plain', 'portable'] as const
export type DatabaseFormat = (typeof databaseFormats)[number]

/** The members without which a database of that format is none. */
export const databaseMembers: Readonly<Record<DatabaseFormat, readonly string[]>> = {
  sqlite: ['database/app.db'],
  custom: ['database/database.dump'],
  plain: ['database/database.sql.gz'],
  portable: ['database/restore.sql', 'database/schema.sql', 'database/structure.sql'],
}

export const tableCountSchema = z.object({ table: z.string(), rows: z.number().int().nonnegative() })
export type TableCount = z.infer<typeof tableCountSchema>

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const memberSchema = z.object({ name: z.string().min(1).max(255), sizeBytes: z.number().int().nonnegative(), sha256 })
export type Member = z.infer<typeof memberSchema>

/** A file that a row names and that could not be taken as it should be. */
export const fileProblemSchema = z.object({ path: z.string(), fault: z.string() })

/** The manifest without the list of members: what the catalogue keeps and pages show. */
export const manifestSummarySchema = z.object({
  format: z.literal('bascule-backup'),
  formatVersion: z.number().int().positive(),
  id: z.string(),
  /** When the snapshot was begun. Everything in the archive is of that moment. */
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  /** From the beginning until this manifest was written. */
  elapsedMs: z.number().nonnegative(),
  app: z.object({ name: z.string(), version: z.string() }),
  database: z.object({
    engine: z.enum(['sqlite', 'postgresql']),
    /** Version of SQLite or of the server. */
    version: z.string(),
    format: z.enum(databaseFormats),
    /** Why this format, for people. */
    reason: z.string(),
    /** Schema of PostgreSQL that was taken; null for SQLite. */
    schema: z.string().nullable(),
    /** Names of the schema migrations that the database has had, oldest first. */
    schemaMigrations: z.array(z.string()),
    tables: z.array(tableCountSchema),
    /** What the format cannot hold and the database has: views, functions … in words. */
    leftOut: z.array(z.string()),
  }),
  files: z.object({
    count: z.number().int().nonnegative(),
    sizeBytes: z.number().nonnegative(),
    /** Fingerprint of CV_ENCRYPTION_KEY, which is needed to read the files; nothing of the key itself. */
    keyFingerprint: z.string(),
    /** At most 100. */
    problems: z.array(fileProblemSchema).max(100),
    problemCount: z.number().int().nonnegative(),
  }),
  /** Whether `.env` is in it. */
  environment: z.boolean(),
})
export type ManifestSummary = z.infer<typeof manifestSummarySchema>

export const manifestSchema = manifestSummarySchema.extend({ members: z.array(memberSchema) })
export type Manifest = z.infer<typeof manifestSchema>

/** The manifest without its members. */
export function summarise({ members: _members, ...summary }: Manifest): ManifestSummary {
  return summary
}

/** Rows of all tables. */
export function totalRows(tables: readonly TableCount[]): number {
  return tables.reduce((sum, table) => sum + table.rows, 0)
}
