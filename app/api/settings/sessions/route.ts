import { adminRoute } from '@/app/_server/api-route'
import { endSessions, readSessionsEnded } from '@/lib/control/session-revocation'

/** The session that asks: since when, and when all earlier ones were ended last. */
export const GET = adminRoute({}, async ({ container, user }) => ({
  signedInAt: user.authenticatedAt.toISOString(),
  endedAt: (await readSessionsEnded(container.control, user.id))?.toISOString() ?? null,
}))

/** Signs this person out everywhere, here too. No password is asked for: whoever fears for theirs must not be kept. */
export const DELETE = adminRoute({ rateLimit: 'job-start' }, async ({ container, user }) => ({
  endedAt: (await endSessions(container.control, user.id, user.email)).toISOString(),
}))
