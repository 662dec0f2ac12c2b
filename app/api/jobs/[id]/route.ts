import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { getJob } from '@/lib/jobs/job-queue'

/** The job as it stands now. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params }) => ({
  job: await getJob(container.control, params.id),
}))
