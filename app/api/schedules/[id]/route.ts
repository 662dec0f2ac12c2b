import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { scheduleInputSchema } from '@/lib/jobs/schedule'
import { removeSchedule, saveSchedule } from '@/lib/jobs/schedule-store'

export const PUT = adminRoute(
  { params: idParamsSchema, body: scheduleInputSchema, rateLimit: 'job-start' },
  async ({ container, user, params, body }) => ({ schedule: await saveSchedule(container.control, body, user.email, params.id) }),
)

export const DELETE = adminRoute({ params: idParamsSchema, rateLimit: 'job-start' }, async ({ container, user, params }) => {
  await removeSchedule(container.control, params.id, user.email)
  return { removed: params.id }
})
