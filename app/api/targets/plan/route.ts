import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { previewTarget } from '@/lib/postgres/make-target/make-target'
import { parseTargetUrl } from '@/lib/postgres/target-url'

const bodySchema = z.object({
  role: z.string().min(1).max(63),
  database: z.string().min(1).max(63),
  /** An administrator's address; absent: as on a server where none of it is there yet. */
  adminUrl: z.string().trim().min(1).max(20_000).optional(),
})
const longestMs = 20_000

/** The statements that would make a target, with the password masked. Reads only; the address is not kept. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'target-test' }, async ({ container, body, request }) => {
  const { adminUrl, role, database } = body
  const { allowPrivateTargets: allowPrivate } = container.environment
  const admin = adminUrl === undefined ? null : parseTargetUrl(adminUrl, { allowPrivate })
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(longestMs)])
  return { statements: await previewTarget(admin, { role, database }, signal) }
})
