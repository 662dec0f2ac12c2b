import { z } from 'zod'

/**
 * What maintenance there is: a closed list, from which alone statements are made. A contract file: what goes over the wire.
 */

/** On PostgreSQL. `freeze` is VACUUM (FREEZE), against the age of transactions; `vacuum-full` is left out: it locks a table away. */
export const postgresOperations = [
  'vacuum',
  'analyze',
  'freeze',
  'reindex',
  'reindex-index',
  'drop-index',
  'index-foreign-key',
  'restore-index',
  'widen-sequence',
  'enable-statements',
  'switch-on',
] as const

/** On an SQLite file. */
export const sqliteOperations = ['vacuum-file', 'optimize', 'checkpoint', 'integrity-check'] as const

/** `routine` is what each engine wants done every week: VACUUM (ANALYZE); optimize and checkpoint. */
export const maintenanceOperations = ['routine', ...postgresOperations, ...sqliteOperations] as const
export type MaintenanceOperation = (typeof maintenanceOperations)[number]

/** Operations on tables; without targets they are done on all of them. */
export const tableOperations: ReadonlySet<MaintenanceOperation> = new Set(['routine', 'vacuum', 'analyze', 'freeze', 'reindex'])

/** Operations that take something away; each looks again, when it runs, whether it still may. */
export const removingOperations: ReadonlySet<MaintenanceOperation> = new Set(['drop-index'])

/** Settings that keep data safe or tables tended, and that can be switched on without a restart: the only ones that are. */
export const safeSettings = ['autovacuum', 'track_counts', 'fsync', 'full_page_writes', 'synchronous_commit'] as const

/** What is to be done, to what: tables, indexes, foreign keys, sequences or settings, as the operation has it. */
export const maintenanceRequestSchema = z.object({
  operation: z.enum(maintenanceOperations),
  targets: z.array(z.string().min(1).max(200)).min(1).max(2_000).optional(),
})
export type MaintenanceRequest = z.infer<typeof maintenanceRequestSchema>

const bytes = z.number().nonnegative().nullable()

/** What came of it. */
export const maintenanceResultSchema = z.object({
  operation: z.enum(maintenanceOperations),
  engine: z.enum(['sqlite', 'postgresql']),
  items: z.array(
    z.object({
      target: z.string(),
      /** skipped: PostgreSQL let it be, for want of a right for example. */
      outcome: z.enum(['done', 'failed', 'skipped']),
      elapsedMs: z.number().nonnegative(),
      /** PostgreSQL's or SQLite's own words, in English. */
      message: z.string().nullable(),
    }),
  ),
  sizeBeforeBytes: bytes,
  sizeAfterBytes: bytes,
  /** Of an integrity check: what is wrong, in SQLite's words. */
  problems: z.array(z.string()),
})
export type MaintenanceResult = z.infer<typeof maintenanceResultSchema>
export type MaintenanceItem = MaintenanceResult['items'][number]
