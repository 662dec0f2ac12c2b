import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { schedulableKinds, scheduleInputSchema } from '@/lib/jobs/schedule'
import { listSchedules, saveSchedule } from '@/lib/jobs/schedule-store'

const querySchema = z.object({ kind: z.enum(schedulableKinds).optional() })

/** What the worker does on its own, with the coming runs. */
export const GET = adminRoute({ query: querySchema }, async ({ container, query }) => ({
  schedules: await listSchedules(container.control, query.kind),
}))

export const POST = adminRoute({ body: scheduleInputSchema, rateLimit: 'job-start', status: 201 }, async ({ container, user, body }) => ({
  schedule: await saveSchedule(container.control, body, user.email),
}))
