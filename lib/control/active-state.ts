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

/**
 * Which database the app uses and whether it may write. One row of the control store holds it; every
 * change is a compare and set on its version.
 *
 *   on-sqlite ──migrate──> migrating ──counts equal──> ready-to-switch ──cut-over──> on-postgresql
 *       ^ ^                   │ failed, cancelled            │ discard                      │
 *       │ └───────────────────┴──────────────────────────────┘                              │
 *       └──────────────────────────────── rollback ─────────────────────────────────────────┘
 *
 * In `migrating` and `ready-to-switch` the app runs on SQLite. In the mode `read-only` the fence inside the SQLite file
 * refuses writes, from whichever process they come; this state only tells people why. In the mode `live` the app goes on
 * writing: a change log inside the file notes what it writes, and the copy follows (decision 0019).
 */
export const activeStateSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('on-sqlite') }),
  z.object({ status: z.literal('migrating'), jobId: z.string(), target: sealedTargetSchema, since: z.iso.datetime(), mode }),
  z.object({ status: z.literal('ready-to-switch'), jobId: z.string(), target: sealedTargetSchema, since: z.iso.datetime(), mode }),
  z.object({ status: z.literal('on-postgresql'), jobId: z.string().nullable(), target: sealedTargetSchema, since: z.iso.datetime() }),
])

export type SealedTarget = z.infer<typeof sealedTargetSchema>
export type ActiveState = z.infer<typeof activeStateSchema>

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
