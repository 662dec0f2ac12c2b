import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { cancelJob } from '@/lib/jobs/job-queue'

/** Cancels a queued job at once and asks a running one to stop. */
export const POST = adminRoute({ params: idParamsSchema, status: 202 }, async ({ container, params, user }) => ({
  job: await cancelJob(container.control, params.id, user.email),
}))
