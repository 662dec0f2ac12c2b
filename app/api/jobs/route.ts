import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { jobRequestSchema, requestJob } from '@/app/_server/job-requests'
import { listJobs } from '@/lib/jobs/job-queue'

const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  before: z.string().max(100).optional(),
})

/** Jobs, newest first, a page at a time. */
export const GET = adminRoute({ query: pageSchema }, ({ container, query }) => listJobs(container.control, query))

/** Queues a job; answers before it runs. */
export const POST = adminRoute({ body: jobRequestSchema, rateLimit: 'job-start', status: 202 }, async ({ container, user, body }) => ({
  job: await requestJob(container, user, body),
}))
