import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { renewHealthToken } from '@/lib/alarms/alarm-settings'

/** Makes the token for /api/health, shown this once; the one before stops working. */
export const POST = adminRoute({ rateLimit: 'reveal' }, async ({ container, user }) => {
  await requireRecentAuthentication(user, 'make a token')
  return { token: await renewHealthToken(container.control, user.email) }
})
