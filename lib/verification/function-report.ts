import { z } from 'zod'

/** The app's functions, tried for real on the active database, and the points that only a person can try. A contract file. */
export const functionOutcomeSchema = z.object({
  /** Which function; a key of the sentences in messages/. */
  name: z.string(),
  /** unknown: there was nothing to try it on, or the app is read-only. */
  status: z.enum(['passed', 'failed', 'unknown']),
  /** What was seen, in numbers for the sentence: rows, users. */
  seen: z.number().int().nonnegative(),
  /** Why it failed or is unknown, in English, without row values; null when it passed. */
  reason: z.string().nullable(),
  elapsedMs: z.number().nonnegative(),
})
export type FunctionOutcome = z.infer<typeof functionOutcomeSchema>

export const functionReportSchema = z.object({
  /** failed: some function failed; unknown: none failed and some could not be tried. */
  status: z.enum(['passed', 'failed', 'unknown']),
  engine: z.enum(['sqlite', 'postgresql']),
  /** Of the database that was active. */
  label: z.string(),
  startedAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  outcomes: z.array(functionOutcomeSchema),
})
export type FunctionReport = z.infer<typeof functionReportSchema>

/** What the host app offers to be tried: each leaves nothing behind. */
export interface FunctionCheck {
  readonly name: string
  /** Resolves with what was seen; null where there was nothing to try it on. Throws when it fails. */
  run(signal: AbortSignal): Promise<{ readonly seen: number } | { readonly unknown: string }>
}

/** The guide's points that need a browser and other services: an administrator tries them and ticks them off. */
export const checklistItems = [
  'sign-in',
  'cv-create',
  'pdf-import',
  'ai-generation',
  'match-score',
  'pdf-export',
  'subscription',
  'credits',
] as const
export const tickSchema = z.object({
  item: z.enum(checklistItems),
  outcome: z.enum(['works', 'broken']),
  at: z.iso.datetime(),
  by: z.string(),
})
export type Tick = z.infer<typeof tickSchema>
