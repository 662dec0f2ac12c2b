import { z } from 'zod'
import { findingSchema } from './finding'

/** How far one table is. */
export const tableProgressSchema = z.object({
  table: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  rowsDone: z.number().nonnegative(),
  /** Rows to do, counted on the snapshot; null while unknown. */
  rowsTotal: z.number().nonnegative().nullable(),
  /** Over the last seconds; null when there is nothing to measure yet. */
  rowsPerSecond: z.number().nonnegative().nullable(),
})

/** How far a copy is behind the source that it follows. */
export const lagSchema = z.object({
  /** Entries of the change log that are not applied. */
  changesBehind: z.number().nonnegative(),
  /** Age of the oldest of them, as far as it was seen; 0 when there is none. */
  secondsBehind: z.number().nonnegative(),
  /** Applied over the last seconds. */
  changesPerSecond: z.number().nonnegative(),
})

/**
 * What a long operation says while it runs. Libraries report through a callback; the worker numbers and
 * stores each event; pages and terminals render them. Reporters send `progress` at most five times a second.
 */
export const progressEventSchema = z.discriminatedUnion('type', [
  /** The phases that will run, in order; comes first. */
  z.object({ type: z.literal('plan'), phases: z.array(z.string()) }),
  z.object({
    type: z.literal('phase'),
    phase: z.string(),
    /** reconnecting: it began, and waits for PostgreSQL to come back; then it is `started` again. */
    status: z.enum(['started', 'reconnecting', 'succeeded', 'failed', 'skipped']),
    elapsedMs: z.number().nonnegative().optional(),
    /** Facts of the phase for people: sizes, versions, paths relative to the data folder. Never secrets. */
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
  /** Tables that changed since the last such event, and the totals of the phase. */
  z.object({
    type: z.literal('progress'),
    phase: z.string(),
    tables: z.array(tableProgressSchema),
    rowsDone: z.number().nonnegative(),
    rowsTotal: z.number().nonnegative().nullable(),
    bytesDone: z.number().nonnegative().nullable(),
    /** For work that is measured in bytes, such as a backup; absent otherwise. */
    bytesTotal: z.number().nonnegative().nullable().optional(),
    bytesPerSecond: z.number().nonnegative().nullable().optional(),
    rowsPerSecond: z.number().nonnegative().nullable(),
    remainingMs: z.number().nonnegative().nullable(),
  }),
  /** While a copy follows its source; at most once a second. */
  z.object({ type: z.literal('lag'), phase: z.string(), lag: lagSchema }),
  z.object({ type: z.literal('finding'), finding: findingSchema }),
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warn', 'error']), message: z.string() }),
])

export type Lag = z.infer<typeof lagSchema>
export type TableProgress = z.infer<typeof tableProgressSchema>
export type ProgressEvent = z.infer<typeof progressEventSchema>

/** Receives events in order. Must not throw, and must not wait: the operation does not stop for it. */
export type Report = (event: ProgressEvent) => void
