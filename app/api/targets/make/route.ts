import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { recordAudit } from '@/lib/control/audit'
import { saveTarget } from '@/lib/jobs/saved-targets'
import { makeTarget } from '@/lib/postgres/make-target/make-target'
import { parseTargetUrl, targetLabel } from '@/lib/postgres/target-url'

const bodySchema = z.object({
  name: z.string().max(80).default(''),
  role: z.string().min(1).max(63),
  database: z.string().min(1).max(63),
  adminUrl: z.string().trim().min(1).max(20_000),
})
const longestMs = 60_000

/** Makes role, database and grants with an administrator's address that is used this once, and saves the new target sealed. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'job-start' }, async ({ container, user, body, request }) => {
  await requireRecentAuthentication(user, 'make a target')
  const { control, environment } = container
  const { allowPrivateTargets: allowPrivate, nextAuthSecret } = environment
  const { name, role, database } = body
  const admin = parseTargetUrl(body.adminUrl, { allowPrivate })
  // Before anything is done: also an attempt that breaks off in the middle is on record.
  await recordAudit(control, { actor: user.email, action: 'target.made', subject: targetLabel(admin), detail: { role, database } })
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(longestMs)])
  const { url, steps, inspection } = await makeTarget(admin, { role, database }, signal)
  const target = await saveTarget(control, { name, url, allowPrivate, actor: user.email }, nextAuthSecret)
  return { target, steps, inspection }
})
