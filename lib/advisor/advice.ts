import { z } from 'zod'

export const verdicts = ['stay', 'plan', 'move', 'moved', 'unknown'] as const
export const factorNames = ['users', 'size', 'writes', 'busy', 'machines', 'availability'] as const
export const factorStates = ['fine', 'soon', 'over', 'unknown'] as const
export const checkNames = ['database-mode', 'cv-mode', 'env-mode', 'relative-url', 'wal', 'backups', 'restore-tested', 'disk'] as const

/** What only a person knows. */
export const needsSchema = z.object({
  /** Machines that run the app at once. */
  machines: z.number().int().min(1).max(1_000),
  /** How long the app may be away when its machine dies. */
  availability: z.enum(['day', 'hours', 'minutes']),
})
export type Needs = z.infer<typeof needsSchema>

const factorSchema = z.object({
  name: z.enum(factorNames),
  state: z.enum(factorStates),
  /** What was measured, in the factor's own unit; null: not known. */
  value: z.number().nullable(),
  /** From here on SQLite is not advised. */
  limit: z.number(),
  /** At the growth that was measured, months until the limit; null: it does not grow, or nobody knows. */
  monthsToLimit: z.number().nonnegative().nullable(),
  /** Growth per month that the projection rests on, and over how many days it was measured. */
  growthPerMonth: z.number().nullable(),
  measuredDays: z.number().nonnegative().nullable(),
})
export type Factor = z.infer<typeof factorSchema>

export const adviceSchema = z.object({
  verdict: z.enum(verdicts),
  engine: z.enum(['sqlite', 'postgresql']),
  measuredAt: z.iso.datetime(),
  factors: z.array(factorSchema),
  /** Null until somebody has said. */
  needs: needsSchema.nullable(),
  figures: z.object({
    users: z.number().nullable(),
    sizeBytes: z.number().nullable(),
    writesPerSecond: z.number().nullable(),
    writesPeak: z.number().nullable(),
    busyShare: z.number().nullable(),
    /** Days that the samples of the worker reach back. */
    sampledDays: z.number().nonnegative(),
  }),
  /** For production on SQLite; empty while the app runs on PostgreSQL. */
  checklist: z.array(
    z.object({
      name: z.enum(checkNames),
      status: z.enum(['passed', 'warning', 'failed', 'unknown']),
      where: z.string().nullable(),
      remedy: z.string().nullable(),
      page: z.enum(['/admin/backups', '/admin/database', '/admin/preflight']).nullable(),
    }),
  ),
})
export type Advice = z.infer<typeof adviceSchema>
export type ChecklistItem = Advice['checklist'][number]
