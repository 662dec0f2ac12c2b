import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { destinationInputSchema } from '@/lib/backup/destinations/destination'
import { listDestinations, saveDestination } from '@/lib/backup/destinations/destination-store'

/** All destinations, without their secrets. */
export const GET = adminRoute({}, async ({ container }) => ({ destinations: await listDestinations(container.control) }))

/** Adds a destination. Backups will go there: the password must have been given a moment ago. */
export const POST = adminRoute({ body: destinationInputSchema, rateLimit: 'job-start', status: 201 }, async ({ container, body, user }) => {
  await requireRecentAuthentication(user, 'add a destination')
  return { destination: await saveDestination(container.backups, null, body, user.email) }
})
