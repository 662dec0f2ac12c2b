import { adminRoute } from '@/app/_server/api-route'
import { requestRetry } from '@/app/_server/job-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'

/** Queues an interrupted, failed or cancelled job again, as a new job. */
export const POST = adminRoute({ params: idParamsSchema, rateLimit: 'job-start', status: 202 }, async ({ container, params, user }) => ({
  job: await requestRetry(container, user, params.id),
}))
