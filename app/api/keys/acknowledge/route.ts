import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { hasRecentAuthentication } from '@/app/_server/session'
import { acknowledgeKey } from '@/lib/control/key-guard'
import { AppError } from '@/lib/core/errors'
import { keyNames } from '@/lib/preflight/preflight-result'

const bodySchema = z
  .object({ name: z.enum(keyNames), fingerprint: z.string().max(40), confirmation: z.string().max(40) })
  .refine(({ name, confirmation }) => name === confirmation, { path: ['confirmation'], message: 'must be the name of the key' })

/** Accepts a changed key as the right one: typed confirmation and a password given lately. Ends the alarm. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'target-test' }, async ({ container, user, body }) => {
  if (!(await hasRecentAuthentication(user))) {
    throw new AppError({
      code: 'CONFIRMATION_REQUIRED',
      operation: 'acknowledge a key',
      message: 'Give your password again before you accept another key.',
      hint: 'The password counts for ten minutes.',
    })
  }
  await acknowledgeKey(container.control, { name: body.name, fingerprint: body.fingerprint }, user.email)
  return { acknowledged: body.name }
})
