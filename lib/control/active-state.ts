import { z } from 'zod'

/** A target's URL, sealed with the key derived from NEXTAUTH_SECRET, and what may be shown of it. */
export const sealedTargetSchema = z.object({
  sealedUrl: z.string(),
  /** user@host:port/database?schema, without the password. */
  label: z.string(),
})

/**
 * Which database the app uses and whether it may write. One row of the control store holds it; every
 * change is a compare and set on its version.
 *
 *   on-sqlite ──migrate──> migrating ──counts equal──> ready-to-switch ──cut-over──> on-postgresql
 *       ^ ^                   │ failed, cancelled            │ discard                      │
 *       │ └───────────────────┴──────────────────────────────┘                              │
 *       └──────────────────────────────── rollback ─────────────────────────────────────────┘
 *
 * In `migrating` and `ready-to-switch` the app runs on SQLite and is read-only: the fence inside the SQLite
 * file refuses writes, from whichever process they come; this state only tells people why.
 */
export const activeStateSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('on-sqlite') }),
  z.object({ status: z.literal('migrating'), jobId: z.string(), target: sealedTargetSchema, since: z.iso.datetime() }),
  z.object({ status: z.literal('ready-to-switch'), jobId: z.string(), target: sealedTargetSchema, since: z.iso.datetime() }),
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
  return state.status === 'on-sqlite' || state.status === 'on-postgresql'
}
