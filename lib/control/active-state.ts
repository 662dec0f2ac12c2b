import { z } from 'zod'

/** A target's URL, sealed with the key derived from NEXTAUTH_SECRET, and what may be shown of it. */
export const sealedTargetSchema = z.object({
  sealedUrl: z.string(),
  /** user@host:port/database?schema, without the password. */
  label: z.string(),
})

export const migrationModes = ['live', 'read-only'] as const
export type MigrationMode = (typeof migrationModes)[number]

/** Absent where an earlier version wrote the state: read-only. */
const mode = z.enum(migrationModes).optional()

/** The copy on PostgreSQL that the app was switched back from, and that stands there still. */
export const formerCopySchema = z.object({
  /** Migration that made the copy: its mark stands there. */
  jobId: z.string(),
  target: sealedTargetSchema,
  /** When the app was switched back. */
  at: z.iso.datetime(),
  /** emergency: PostgreSQL was gone, and what had been written there stayed behind. */
  how: z.enum(['rolled-back', 'emergency']),
  /**
   * When the change log was armed that has noted since then what the app writes to the file: which log it is. Null where
   * none could be armed; then the way forward is a new copy.
   */
  log: z.string().nullable(),
})
export type FormerCopy = z.infer<typeof formerCopySchema>

export const finishedSchema = z.object({
  at: z.iso.datetime(),
  /** Migration that had brought the app here. */
  jobId: z.string(),
  /** The verified copy of the SQLite file, as a path; null where the app had no file any more. */
  archive: z.string().nullable(),
})

/**
 * Which database the app uses and whether it may write. One row of the control store holds it; every
 * change is a compare and set on its version.
 *
 *   on-sqlite ──migrate──> migrating ──counts equal──> ready-to-switch ──cut-over──> on-postgresql
 *       ^ ^                   │ failed, cancelled            │ discard                      │
 *       │ └───────────────────┴──────────────────────────────┘                              │
 *       └──────────────────── rollback, or emergency while PostgreSQL is gone ───────────────┘
 *
 * In `migrating` and `ready-to-switch` the app runs on SQLite. In the mode `read-only` the fence inside the SQLite file
 * refuses writes, from whichever process they come; this state only tells people why. In the mode `live` the app goes on
 * writing: a change log inside the file notes what it writes, and the copy follows (decision 0019).
 */
export const activeStateSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('on-sqlite'), former: formerCopySchema.optional() }),
  z.object({
    status: z.literal('migrating'),
    jobId: z.string(),
    target: sealedTargetSchema,
    since: z.iso.datetime(),
    mode,
    /** Set while the copy is brought up to date that the app was switched back from: nothing is copied anew. */
    former: formerCopySchema.optional(),
  }),
  z.object({ status: z.literal('ready-to-switch'), jobId: z.string(), target: sealedTargetSchema, since: z.iso.datetime(), mode }),
  z.object({
    status: z.literal('on-postgresql'),
    jobId: z.string().nullable(),
    target: sealedTargetSchema,
    since: z.iso.datetime(),
    /** Set when an administrator has said that PostgreSQL is kept: there is no way back but a backup. */
    finished: finishedSchema.optional(),
  }),
])

export type SealedTarget = z.infer<typeof sealedTargetSchema>
export type ActiveState = z.infer<typeof activeStateSchema>

/** The state after a switch back that took everything along. */
export function backOnSqlite(former: {
  readonly jobId: string | null
  readonly target: SealedTarget
  readonly at: Date
  /** Which log notes what the app writes from here on. */
  readonly log: string | null
}): ActiveState {
  const { jobId, target, at, log } = former
  if (jobId === null) return { status: 'on-sqlite' }
  return { status: 'on-sqlite', former: { jobId, target, at: at.toISOString(), how: 'rolled-back', log } }
}

/** The engine that the app's queries go to. */
export function activeEngine(state: ActiveState): 'sqlite' | 'postgresql' {
  return state.status === 'on-postgresql' ? 'postgresql' : 'sqlite'
}

/** Whether the app may write now. */
export function isWritable(state: ActiveState): boolean {
  return state.status === 'on-sqlite' || state.status === 'on-postgresql' || isLive(state)
}

/** Whether a copy is made, or stands ready, that follows an app which goes on writing to SQLite. */
export function isLive(state: ActiveState): boolean {
  return (state.status === 'migrating' || state.status === 'ready-to-switch') && state.mode === 'live'
}
