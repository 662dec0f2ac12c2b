import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { readActiveDatabase } from '@/lib/control/active-database'
import { maintenanceRequestSchema, removingOperations } from '@/lib/core/maintenance-operations'
import { enqueueJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'

/** Queues maintenance of the active database; what takes something away only after the password was given. */
export const POST = adminRoute(
  { body: maintenanceRequestSchema, rateLimit: 'job-start', status: 202 },
  async ({ container: { control }, user, body }) => {
    if (removingOperations.has(body.operation)) await requireRecentAuthentication(user, 'drop an index')
    requireStateFor('maintain', (await readActiveDatabase(control)).state)
    return { job: await enqueueJob(control, { kind: 'maintain', payload: body, requestedBy: user.email }) }
  },
)
