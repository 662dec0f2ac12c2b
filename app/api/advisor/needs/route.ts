import { adminRoute } from '@/app/_server/api-route'
import { needsSchema } from '@/lib/advisor/advice'
import { saveNeeds } from '@/lib/advisor/read-advice'

/** Keeps what only a person knows: how many machines, and how long the app may be away. */
export const POST = adminRoute({ body: needsSchema, rateLimit: 'job-start' }, async ({ container, user, body }) => {
  await saveNeeds(container.control, body, user.email)
  return { needs: body }
})
