import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requestTrial, typedKeySchema } from '@/app/_server/backup-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'

const bodySchema = z.object({
  key: typedKeySchema.nullable().default(null),
  /** Id of the destination whose copy is tried; null: the nearest there is. */
  from: z.string().max(100).nullable().default(null),
})

/** Queues a trial restore of a backup. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start', status: 202 },
  async ({ container, params, body, user }) => ({ job: await requestTrial(container, user, params.id, body.key, body.from) }),
)
