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
  /** The same for pages: a name of the sentences in messages/, or `error` with the error's code. Absent in earlier reports. */
  cause: z
    .object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) })
    .nullable()
    .optional(),
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

/** Why a function failed or could not be tried. */
export interface FunctionCause {
  /** A name of the sentences in messages/. */
  readonly code: string
  readonly params: Readonly<Record<string, string | number>>
  /** In English, without row values. */
  readonly message: string
}

/** What the host app offers to be tried: each leaves nothing behind. */
export interface FunctionCheck {
  readonly name: string
  /** Resolves with what was seen, or why there was nothing to try it on. Throws when it fails, best a FunctionFailure. */
  run(signal: AbortSignal): Promise<{ readonly seen: number } | { readonly unknown: FunctionCause }>
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
