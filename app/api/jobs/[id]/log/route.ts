import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { readEvents } from '@/lib/jobs/job-events'
import { getJob } from '@/lib/jobs/job-queue'

const pageSchema = z.object({
  after: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
})

/** Stored events of a job, a page at a time. */
export const GET = adminRoute({ params: idParamsSchema, query: pageSchema }, async ({ container, params, query }) => {
  await getJob(container.control, params.id)
  return { events: await readEvents(container.control, params.id, query.after, query.limit) }
})
