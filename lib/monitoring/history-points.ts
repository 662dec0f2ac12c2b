import { z } from 'zod'

/** What is measured over time. A contract file: what goes over the wire. */

const figure = z.number().nullable()

/** Each null where it does not apply or could not be read. Rates are means over the time since the point before. */
export const historyFiguresSchema = z.object({
  sizeBytes: figure,
  tablesBytes: figure,
  indexesBytes: figure,
  /** Estimated, all tables together. */
  rows: figure,
  connections: figure,
  /** The most seen in the time that the point stands for. */
  connectionsPeak: figure,
  idleInTransaction: figure,
  blocked: figure,
  /** Share of reads from memory since the point before. */
  cacheHitShare: figure,
  transactionsPerSecond: figure,
  /** PostgreSQL: rows written; SQLite: write transactions. */
  writesPerSecond: figure,
  writesPeak: figure,
  deadRows: figure,
  /** PostgreSQL: write-ahead log written since the point before, per second; SQLite: null. */
  walBytesPerSecond: figure,
  /** SQLite: size of the -wal file. */
  walBytes: figure,
  freeBytes: figure,
  /** SQLite: share of looks that found a writer at work. */
  busyShare: figure,
})
export type HistoryFigures = z.infer<typeof historyFiguresSchema>

export const historySpans = ['minute', 'hour', 'day'] as const
export type HistorySpan = (typeof historySpans)[number]

export const historyPointSchema = z.object({
  span: z.enum(historySpans),
  at: z.iso.datetime(),
  engine: z.enum(['sqlite', 'postgresql']),
  figures: historyFiguresSchema,
})
export type HistoryPoint = z.infer<typeof historyPointSchema>

/** How far back a chart looks. */
export const historyRanges = ['day', 'week', 'quarter'] as const
export type HistoryRange = (typeof historyRanges)[number]

/** Points of one range, oldest first, and how far apart two neighbours may be before there is a gap. */
export const historySchema = z.object({
  range: z.enum(historyRanges),
  points: z.array(historyPointSchema),
  gapMs: z.number().positive(),
})
export type History = z.infer<typeof historySchema>
