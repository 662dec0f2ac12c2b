/**
 * From where on a figure is worth a word. All in one place, and injectable, so that tests can make trouble small. Where a
 * figure comes from documentation or from a rule of thumb, it says which.
 */
export interface Thresholds {
  /** Share of max_connections in use. */
  readonly connectionsWarning: number
  readonly connectionsCritical: number
  /** How long a session may sit in an open transaction without doing anything. */
  readonly idleInTransactionMs: number
  /** A statement that runs for longer. */
  readonly longStatementMs: number
  /** Sessions that wait for a lock for longer count as blocked in earnest. */
  readonly blockedMs: number
  /** Below this share of reads from memory, once so many blocks were read. */
  readonly cacheHitRatio: number
  readonly cacheBlocks: number
  /** Autovacuum itself starts at 20 % and 50 rows; twice that means that it does not keep up. */
  readonly deadShare: number
  readonly deadRows: number
  /** Rows changed since the last ANALYZE, as a share of the table. Autovacuum analyses at 10 %. */
  readonly staleShare: number
  readonly staleRows: number
  /** A table that may be bloated: estimated waste, as share and in bytes. */
  readonly bloatShare: number
  readonly bloatBytes: number
  /** Smaller unused indexes are not worth a word. */
  readonly unusedIndexBytes: number
  /** Younger statistics cannot tell that an index is unused: monthly work exists. */
  readonly unusedAfterMs: number
  /** Tables with fewer rows are read faster without an index. */
  readonly indexedFromRows: number
  /** A table is read whole so many times. */
  readonly wholeReads: number
  /** Share of a sequence's or its column's range that is used up. */
  readonly sequenceWarning: number
  readonly sequenceCritical: number
  /** Oldest unfrozen transaction, of 2,147,483,647. Autovacuum forces a freeze at 200 million; PostgreSQL warns at 40 million before the end. */
  readonly transactionAgeWarning: number
  readonly transactionAgeCritical: number
  /** What a replica or a slot lies behind. */
  readonly replicationLagBytes: number
  /** Below this mean a statement is not slow. */
  readonly slowMeanMs: number
  /** shared_buffers at its default of 128 MB is small for a database of more than this. */
  readonly sharedBuffersForBytes: number
  /** Free pages of an SQLite file, as share and in bytes. */
  readonly freeShare: number
  readonly freeBytes: number
  /** A write-ahead log that is larger is not being carried into the file. */
  readonly walBytes: number
  /** Share of looks that found the file locked by a writer. */
  readonly busyShare: number
  /** Room left on the disk of the SQLite file, as a multiple of its size. */
  readonly diskForFile: number
}

const minute = 60_000
const day = 86_400_000
const mebibyte = 1024 * 1024

export const defaultThresholds: Thresholds = {
  connectionsWarning: 0.8,
  connectionsCritical: 0.95,
  idleInTransactionMs: 5 * minute,
  longStatementMs: 5 * minute,
  blockedMs: 10_000,
  cacheHitRatio: 0.95,
  cacheBlocks: 100_000,
  deadShare: 0.4,
  deadRows: 10_000,
  staleShare: 0.3,
  staleRows: 10_000,
  bloatShare: 0.5,
  bloatBytes: 50 * mebibyte,
  unusedIndexBytes: mebibyte,
  unusedAfterMs: 30 * day,
  indexedFromRows: 10_000,
  wholeReads: 1_000,
  sequenceWarning: 0.75,
  sequenceCritical: 0.9,
  transactionAgeWarning: 500_000_000,
  transactionAgeCritical: 1_500_000_000,
  replicationLagBytes: 256 * mebibyte,
  slowMeanMs: 200,
  sharedBuffersForBytes: 1024 * mebibyte,
  freeShare: 0.25,
  freeBytes: 16 * mebibyte,
  walBytes: 64 * mebibyte,
  busyShare: 0.2,
  diskForFile: 2,
}
