import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { saveCompared } from '@/lib/control/key-guard'
import { AppError } from '@/lib/core/errors'
import { parseFingerprints } from '@/lib/preflight/key-fingerprints'
import { keyNames } from '@/lib/preflight/preflight-result'

/** Keeps another environment's fingerprints, as `npm run preflight -- --fingerprints` printed them there. */
export const POST = adminRoute(
  { body: z.object({ text: z.string().max(4_000) }), rateLimit: 'target-test' },
  async ({ container, user, body }) => {
    const fingerprints = parseFingerprints(body.text, keyNames)
    if (Object.keys(fingerprints).length === 0) {
      throw new AppError({
        code: 'INVALID_INPUT',
        operation: 'compare keys',
        subject: 'text',
        message: 'No fingerprint was found in this text.',
        hint: 'Paste the lines that npm run preflight -- --fingerprints prints in the other environment.',
      })
    }
    await saveCompared(container.control, fingerprints, user.email)
    return { compared: Object.keys(fingerprints) }
  },
)
