import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requestCopy } from '@/app/_server/destination-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'

/** Null: to all destinations that are enabled. */
const bodySchema = z.object({ destinationIds: z.array(z.string().max(100)).min(1).max(50).nullable() })

/** Queues a copy of a backup to destinations that do not have it. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start', status: 202 },
  async ({ container, params, body, user }) => ({ job: await requestCopy(container, user, params.id, body.destinationIds) }),
)
