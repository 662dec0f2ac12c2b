import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'
import { repairListSchema, repairSchema } from '@/lib/core/repair-choice'
import { endpointSchema, tableComparisonSchema } from '@/lib/verification/verification-result'

/** The phases of a migration in the order in which they run; also the keys of their names in messages/. */
export const migrationPhases = ['checks', 'safety-copy', 'schema', 'copy', 'structure', 'sequences', 'statistics', 'counts'] as const
/** Those of a migration while the app goes on writing. */
export const livePhases = ['checks', 'safety-copy', 'schema', 'copy', 'structure', 'sequences', 'statistics', 'catch-up', 'prove'] as const
/** The phases of a switch while the app goes on writing. */
export const cutOverPhases = ['catch-up', 'switch', 'finish'] as const
export type CutOverPhase = (typeof cutOverPhases)[number]
/** The phases of a way back to SQLite; named in the same place. */
export const rollBackPhases = ['carry', 'prove', 'switch'] as const
export type RollBackPhase = (typeof rollBackPhases)[number]
/** The phases of keeping PostgreSQL for good. */
export const finishPhases = ['archive-file', 'take-down'] as const
export type FinishPhase = (typeof finishPhases)[number]
export type MigrationPhase = (typeof migrationPhases)[number] | (typeof livePhases)[number]

/** The contract of `migrate:postgres --json`, and the result of a migrate job. */
export const migrationResultSchema = z.object({
  status: z.enum(['succeeded', 'failed']),
  dryRun: z.boolean(),
  source: endpointSchema,
  target: endpointSchema,
  startedAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  /** Milliseconds that each phase took. */
  phases: z.record(z.string(), z.number().nonnegative()),
  rowsCopied: z.number().int().nonnegative(),
  /** Of `rowsCopied`, those that an earlier attempt had copied before it was cut short; 0 when it was not resumed. */
  rowsResumed: z.number().int().nonnegative().default(0),
  bytesCopied: z.number().int().nonnegative(),
  tables: z.array(tableComparisonSchema),
  findings: z.array(findingSchema),
  /** What was done to rows by the administrator's choices; in a dry run, what would be done. */
  repairs: z.array(repairSchema).default([]),
  /** The file that names every row repaired; null where none was, in a dry run and after a failure. */
  repairList: repairListSchema.nullable().default(null),
  /** Path of the safety copy; null in a dry run. */
  safetyCopy: z.string().nullable(),
  /** The SQL of the target's schema; only in a dry run. */
  targetSchemaSql: z.string().nullable(),
  /** After a failure: why what it had made could not be put back yet, in one sentence; null when nothing of it is left. */
  leftover: z.string().nullable(),
  /** Why it failed; absent after success. */
  error: z.object({ code: z.string(), subject: z.string().optional(), message: z.string(), hint: z.string().optional() }).optional(),
})

export type MigrationResult = z.infer<typeof migrationResultSchema>
