import { z } from 'zod'
import { readActiveUrl } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { recordAudit } from '@/lib/control/audit'
import { endSession } from '@/lib/monitoring/end-session'

const bodySchema = z.object({
  pid: z.number().int().positive(),
  startedAt: z.string().min(1).max(60),
  how: z.enum(['cancel', 'terminate']),
  /** Said by somebody who was told that it is one of ours, and what that does. */
  ours: z.boolean().default(false),
})

/** Cancels a statement or ends a session of the active database. Ending one rolls its work back: only after the password was given. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'job-start' }, async ({ container, user, body }) => {
  const { ours, ...session } = body
  if (session.how === 'terminate') await requireRecentAuthentication(user, 'end a session')
  const ended = await endSession(await readActiveUrl(container), session, ours)
  const detail = { application: ended.application, user: ended.user }
  const action = session.how === 'cancel' ? 'session.statement-cancelled' : 'session.ended'
  await recordAudit(container.control, { actor: user.email, action, subject: String(session.pid), detail })
  return ended
})
