import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { diagnosisSubject } from '@/app/_server/diagnosis-subject'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { recordAudit } from '@/lib/control/audit'
import { AppError } from '@/lib/core/errors'
import { entries } from '@/lib/troubleshooting/catalogue'
import { mends } from '@/lib/troubleshooting/diagnosis'
import { mendEntry } from '@/lib/troubleshooting/mend'

const bodySchema = z.object({ entry: z.string().max(64), mend: z.enum(mends) })

/** Does what a test of the active database showed as its remedy, and tests again. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'job-start' }, async ({ container, user, body, request }) => {
  const entry = entries.find(({ id }) => id === body.entry)
  if (!entry) throw new AppError({ code: 'NOT_FOUND', operation: 'find the entry', message: 'There is no entry of this name.' })
  await requireRecentAuthentication(user, 'mend the active database')
  const subject = await diagnosisSubject(container, user, undefined)
  const { state } = subject
  const postgresUrl = state.status === 'on-postgresql' ? container.openTarget(state.target) : null
  await recordAudit(container.control, { actor: user.email, action: 'database.mended', subject: body.mend, detail: { entry: entry.id } })
  return { diagnosis: await mendEntry({ subject, entry, mend: body.mend, postgresUrl }, request.signal) }
})
