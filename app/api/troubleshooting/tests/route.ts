import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { diagnosisSubject } from '@/app/_server/diagnosis-subject'
import { targetChoiceSchema } from '@/app/_server/job-requests'
import { AppError } from '@/lib/core/errors'
import { entries } from '@/lib/troubleshooting/catalogue'
import { diagnose } from '@/lib/troubleshooting/diagnose'

const bodySchema = z.object({ entry: z.string().max(64), target: targetChoiceSchema.optional() })

/** Makes an entry's test here and now: asks the real server, file or store, and changes nothing. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'diagnosis' }, async ({ container, user, body, request }) => {
  const entry = entries.find(({ id }) => id === body.entry)
  if (!entry) throw new AppError({ code: 'NOT_FOUND', operation: 'find the entry', message: 'There is no entry of this name.' })
  return { diagnosis: await diagnose(entry, await diagnosisSubject(container, user, body.target), request.signal) }
})
