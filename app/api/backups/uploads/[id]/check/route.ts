import { adminRoute } from '@/app/_server/api-route'
import { importBodySchema, requestImport } from '@/app/_server/destination-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'

/** Queues the check of an archive that has arrived; what is sound comes into the list marked as foreign. */
export const POST = adminRoute(
  { params: idParamsSchema, body: importBodySchema, rateLimit: 'job-start', status: 202 },
  async ({ container, params, body, user }) => ({
    job: await requestImport(container, user, { kind: 'upload', uploadId: params.id }, body.key),
  }),
)
