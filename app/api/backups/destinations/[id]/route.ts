import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { destinationInputSchema } from '@/lib/backup/destinations/destination'
import { removeDestination, saveDestination } from '@/lib/backup/destinations/destination-store'

/** Changes a destination; without a secret the kept one stays. The password must have been given a moment ago. */
export const PUT = adminRoute(
  { params: idParamsSchema, body: destinationInputSchema, rateLimit: 'job-start' },
  async ({ container, params, body, user }) => {
    await requireRecentAuthentication(user, 'change a destination')
    return { destination: await saveDestination(container.backups, params.id, body, user.email) }
  },
)

/** Forgets a destination; what lies there stays. The password must have been given a moment ago. */
export const DELETE = adminRoute({ params: idParamsSchema, rateLimit: 'job-start' }, async ({ container, params, user }) => {
  await requireRecentAuthentication(user, 'remove a destination')
  await removeDestination(container.backups, params.id, user.email)
  return { removed: params.id }
})
