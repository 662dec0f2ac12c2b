import { z } from 'zod'
import { maintenanceRequestSchema } from '@/lib/core/maintenance-operations'

/**
 * The state of the active database: figures, panel by panel, and what is to be thought of them. A contract file: what goes
 * over the wire.
 */

/** Worst first. */
export const healthLevels = ['critical', 'warning', 'unknown', 'info', 'ok'] as const
export type HealthLevel = (typeof healthLevels)[number]

/** Why something is not known. `no-right`: the database's user may not see it; `timeout`: it did not answer in time. */
export const unknownReasons = ['no-right', 'timeout', 'too-young', 'no-record', 'not-installed', 'not-asked', 'failed'] as const
export type UnknownReason = (typeof unknownReasons)[number]

export const checkCodes = [
  'blocked-sessions',
  'idle-in-transaction',
  'long-statements',
  'connections-near-limit',
  'transaction-age',
  'sequence-near-end',
  'index-invalid',
  'index-expected-missing',
  'foreign-key-unindexed',
  'index-duplicate',
  'index-covered',
  'index-unused',
  'whole-table-reads',
  'dead-rows',
  'statistics-stale',
  'bloat',
  'cache-hits',
  'slow-statements',
  'autovacuum-off',
  'unsafe-setting',
  'small-memory',
  'replication',
  'limited-role',
  'integrity',
  'journal-mode',
  'wal-size',
  'free-pages',
  'file-busy',
  'disk-space',
  'planner-statistics',
  'auto-vacuum',
] as const
export type CheckCode = (typeof checkCodes)[number]

const value = z.union([z.string(), z.number()])

/** What a button does: end a session, or queue maintenance. */
export const healthActionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('session'), pid: z.number().int(), startedAt: z.string(), isActive: z.boolean(), isOurs: z.boolean() }),
  z.object({ kind: z.literal('maintain'), request: maintenanceRequestSchema }),
])
export type HealthAction = z.infer<typeof healthActionSchema>

export const healthItemSchema = z.object({
  /** A table, an index, a session: its name. */
  subject: z.string(),
  /** For the item's sentence. Names ending in Bytes, Ms and Share are written out in the reader's way. */
  params: z.record(z.string(), value),
  /** Which of the check's sentences about an item; 'item' unless there are several. */
  wording: z.string(),
  level: z.enum(healthLevels),
  /** To copy. */
  sql: z.string().nullable(),
  action: healthActionSchema.nullable(),
})
export type HealthItem = z.infer<typeof healthItemSchema>

export const healthCheckSchema = z.object({
  code: z.enum(checkCodes),
  level: z.enum(healthLevels),
  /** Set with level unknown. */
  reason: z.enum(unknownReasons).nullable(),
  /** How many items there are; `items` holds the first ones, the weightiest first. */
  count: z.number().int().nonnegative(),
  params: z.record(z.string(), value),
  items: z.array(healthItemSchema),
  /** For all of it at once; null when each item has its own, or there is none. */
  sql: z.string().nullable(),
  action: healthActionSchema.nullable(),
})
export type HealthCheck = z.infer<typeof healthCheckSchema>

const count = z.number().nonnegative()
const share = z.number().min(0)

/** A part of the figures, each read on its own: one that fails says why and takes nothing else along. */
const panel = <T extends z.ZodType>(data: T) =>
  z.discriminatedUnion('status', [
    z.object({ status: z.literal('known'), data }),
    z.object({ status: z.literal('unknown'), reason: z.enum(unknownReasons), message: z.string() }),
  ])

export const sessionSchema = z.object({
  pid: z.number().int(),
  /** When it connected, as PostgreSQL writes it: with the pid, the session's identity. '' when it may not be seen. */
  startedAt: z.string(),
  user: z.string().nullable(),
  application: z.string(),
  address: z.string().nullable(),
  /** active, idle, idle in transaction …; null when the role may not see it. */
  state: z.string().nullable(),
  stateMs: count.nullable(),
  transactionMs: count.nullable(),
  statementMs: count.nullable(),
  /** What it waits for: "Lock: transactionid". */
  waitsFor: z.string().nullable(),
  /** Process ids; 0 stands for a prepared transaction. */
  blockedBy: z.array(z.number().int()),
  /** Literals are taken out; null when it may not be seen. */
  statement: z.string().nullable(),
  /** app: this app's own queries; bascule: our worker and tools. */
  owner: z.enum(['app', 'bascule', 'other']),
})
export type Session = z.infer<typeof sessionSchema>

export const activitySchema = z.object({
  sessions: z.array(sessionSchema),
  /** Beyond those shown. */
  hidden: count,
  /** All of the server, by state; background processes are not counted. */
  byState: z.array(z.object({ state: z.string(), count })),
  used: count,
  limit: count,
  reserved: count,
})
export type Activity = z.infer<typeof activitySchema>

export const tableFiguresSchema = z.object({
  table: z.string(),
  sizeBytes: count.nullable(),
  indexesBytes: count.nullable(),
  /** Estimates; null when the table was never analysed. */
  rows: count.nullable(),
  deadRows: count.nullable(),
  changedRows: count.nullable(),
  lastVacuumAt: z.string().nullable(),
  lastAnalyzeAt: z.string().nullable(),
  wholeReads: count.nullable(),
  indexReads: count.nullable(),
  /** Estimated waste. */
  bloatBytes: count.nullable(),
  transactionAge: count.nullable(),
})
export type TableFigures = z.infer<typeof tableFiguresSchema>

export const indexFiguresSchema = z.object({
  table: z.string(),
  /** The table's, or pg_toast. */
  schema: z.string(),
  index: z.string(),
  definition: z.string(),
  sizeBytes: count.nullable(),
  scans: count.nullable(),
  isUnique: z.boolean(),
  isValid: z.boolean(),
  /** Primary key, unique or exclusion constraint that it serves. */
  constraint: z.string().nullable(),
  /** Whether a foreign key elsewhere or replication relies on it. */
  isNeeded: z.boolean(),
  /** Equal for indexes that do the same. */
  likeness: z.string(),
  /** Equal where one may serve in place of another whose columns it begins with: table, method and condition. */
  family: z.string(),
  /** Each column with operator class, collation and order. */
  keys: z.array(z.string()),
  /** A B-tree of columns alone: no expressions, nothing included. */
  isPlain: z.boolean(),
  /** Whether the structure on record, which the app's model made, has it. */
  inModel: z.boolean(),
})
export type IndexFigures = z.infer<typeof indexFiguresSchema>

export const statementSchema = z.object({
  id: z.string(),
  statement: z.string(),
  calls: count,
  totalMs: count,
  meanMs: count,
  maxMs: count,
  rows: count,
  /** Of the blocks it read, how many were in memory. */
  hitShare: share.nullable(),
})

/** ready; or what is missing: the server's library, the setting, the extension, the right to read. */
export const statementsSchema = z.object({
  state: z.enum(['ready', 'not-available', 'not-loaded', 'not-created', 'no-right']),
  /** Whether CREATE EXTENSION would work for this role. */
  canCreate: z.boolean(),
  since: z.string().nullable(),
  /** Some are hidden from this role. */
  isLimited: z.boolean(),
  statements: z.array(statementSchema),
})
export type Statements = z.infer<typeof statementsSchema>

export const serverFiguresSchema = z.object({
  sizeBytes: count,
  startedAt: z.string(),
  statisticsSince: z.string().nullable(),
  hitShare: share.nullable(),
  blocksRead: count,
  deadlocks: count,
  temporaryBytes: count,
  transactionAge: count,
  multixactAge: count,
  isStandby: z.boolean(),
  role: z.string(),
  /** Member of pg_monitor, or a superuser: sees what others' sessions do. */
  seesAll: z.boolean(),
})
export type ServerFigures = z.infer<typeof serverFiguresSchema>

export const sequenceSchema = z.object({
  sequence: z.string(),
  table: z.string().nullable(),
  column: z.string().nullable(),
  columnType: z.string().nullable(),
  /** Text, since they may be larger than a double holds exactly. Null when unused yet, or hidden. */
  lastValue: z.string().nullable(),
  limit: z.string(),
  /** Whether the column's type ends before the sequence does, or the other way round. */
  limitedBy: z.enum(['sequence', 'column']),
  isReadable: z.boolean(),
  cycles: z.boolean(),
  usedShare: share.nullable(),
})
export type Sequence = z.infer<typeof sequenceSchema>

export const replicationSchema = z.object({
  replicas: z.array(z.object({ name: z.string(), state: z.string().nullable(), lagBytes: count.nullable(), lagMs: count.nullable() })),
  slots: z.array(z.object({ name: z.string(), isActive: z.boolean(), heldBytes: count.nullable(), walStatus: z.string().nullable() })),
})
export type Replication = z.infer<typeof replicationSchema>

export const settingSchema = z.object({
  name: z.string(),
  setting: z.string(),
  unit: z.string().nullable(),
  source: z.string(),
  /** Whether this role can change it for the server while that runs; what its command line says is stronger. */
  canSet: z.boolean(),
})

export const indexGapsSchema = z.object({
  foreignKeys: z.array(
    z.object({ table: z.string(), constraint: z.string(), columns: z.array(z.string()), references: z.string(), rows: count.nullable() }),
  ),
})

/** The structure on record; known with an empty list when all is there. */
export const expectedIndexesSchema = z.object({
  missing: z.array(z.object({ table: z.string(), index: z.string(), definition: z.string(), kind: z.enum(['index', 'constraint']) })),
  /** Indexes on record, by name. */
  names: z.array(z.string()),
})

export type ExpectedIndex = z.infer<typeof expectedIndexesSchema>['missing'][number]

export const sqliteFileSchema = z.object({
  path: z.string(),
  sizeBytes: count,
  walBytes: count,
  pageSizeBytes: count,
  pages: count,
  freePages: count,
  journalMode: z.string(),
  autoVacuum: z.enum(['none', 'full', 'incremental']),
  encoding: z.string(),
  hasStatistics: z.boolean(),
  diskFreeBytes: count.nullable(),
})
export type SqliteFile = z.infer<typeof sqliteFileSchema>

export const sqliteIntegritySchema = z.object({
  checkedAt: z.string().nullable(),
  problems: z.array(z.string()),
})

export const sqliteWritesSchema = z.object({
  /** Of the last looks, how many found a writer at work; null before there were any. */
  busyShare: share.nullable(),
  looks: count,
  writesPerSecond: count.nullable(),
})

export const postgresPanelsSchema = z.object({
  server: panel(serverFiguresSchema),
  activity: panel(activitySchema),
  tables: panel(z.array(tableFiguresSchema)),
  indexes: panel(z.array(indexFiguresSchema)),
  indexGaps: panel(indexGapsSchema),
  expectedIndexes: panel(expectedIndexesSchema),
  statements: panel(statementsSchema),
  sequences: panel(z.array(sequenceSchema)),
  replication: panel(replicationSchema),
  settings: panel(z.array(settingSchema)),
})
export type PostgresPanels = z.infer<typeof postgresPanelsSchema>

export const sqlitePanelsSchema = z.object({
  file: panel(sqliteFileSchema),
  tables: panel(z.array(tableFiguresSchema)),
  indexes: panel(z.array(indexFiguresSchema)),
  indexGaps: panel(indexGapsSchema),
  integrity: panel(sqliteIntegritySchema),
  writes: panel(sqliteWritesSchema),
})
export type SqlitePanels = z.infer<typeof sqlitePanelsSchema>

const common = {
  /** File path relative to the app's folder, or user@host:port/database. */
  label: z.string(),
  version: z.string().nullable(),
  readAt: z.iso.datetime(),
  elapsedMs: count,
  /** Worst first. */
  checks: z.array(healthCheckSchema),
  /** Of the long panels: how many there are, and what the tables come to together. What is sent of them may be the first ones only. */
  totals: z.object({
    tables: count.nullable(),
    indexes: count.nullable(),
    sequences: count.nullable(),
    tablesBytes: count.nullable(),
    indexesBytes: count.nullable(),
  }),
}

/** Panels that are as long as the schema is large. */
export const longPanels = ['tables', 'indexes', 'sequences'] as const
export type LongPanel = (typeof longPanels)[number]

/** Rows of a long panel that travel with the report; the whole is asked for when somebody looks further. */
export const panelHead = 100

export const healthReportSchema = z.discriminatedUnion('engine', [
  z.object({ engine: z.literal('postgresql'), ...common, panels: postgresPanelsSchema }),
  z.object({ engine: z.literal('sqlite'), ...common, panels: sqlitePanelsSchema }),
])
export type HealthReport = z.infer<typeof healthReportSchema>
export type ReportTotals = HealthReport['totals']
export type Panel<T> =
  | { readonly status: 'known'; readonly data: T }
  | { readonly status: 'unknown'; readonly reason: UnknownReason; readonly message: string }
