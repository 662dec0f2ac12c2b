import { z } from 'zod'
import { appendAudit } from './audit'
import type { ControlStore } from './control-store'

/**
 * Sessions are signed tokens that no list holds (decision 0007), so one cannot be struck out. What is kept instead is the
 * moment up to which a person's sessions count no more: a session is good when its sign-in was later. In the control store,
 * so that it holds on both engines and survives a switch.
 */
const keyOf = (userId: string) => `sessions.ended.${userId}`
const storedSchema = z.object({ at: z.iso.datetime() })

/** Ends every session of a person that began until now, this one too. @returns the moment */
export async function endSessions(store: ControlStore, userId: string, actor: string): Promise<Date> {
  const at = store.clock.now()
  const data = { value: JSON.stringify({ at: at.toISOString() }), updatedAt: at }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key: keyOf(userId) }, create: { key: keyOf(userId), ...data }, update: data })
    await appendAudit(transaction, at, { actor, action: 'sessions.ended', subject: actor })
  })
  return at
}

/**
 * Whether a session that began at `signedInAt` still counts. Tokens know whole seconds: one of the very second in which
 * sessions were ended is ended too.
 */
export async function isSessionGood(store: ControlStore, userId: string, signedInAt: Date): Promise<boolean> {
  const ended = await readSessionsEnded(store, userId)
  return ended === null || Math.floor(signedInAt.getTime() / 1000) > Math.floor(ended.getTime() / 1000)
}

/** When a person last ended all sessions; null for never. */
export async function readSessionsEnded(store: ControlStore, userId: string): Promise<Date | null> {
  const row = await store.read.setting.findUnique({ where: { key: keyOf(userId) } })
  return row ? new Date(storedSchema.parse(JSON.parse(row.value)).at) : null
}
