import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { readRetention, saveRetention } from '@/lib/backup/prune-backups'
import { retentionSchema } from '@/lib/backup/retention'

const bodySchema = z.object({ rules: retentionSchema.nullable() })

/** Which backups are kept; null: all of them. */
export const GET = adminRoute({}, async ({ container }) => ({ rules: await readRetention(container.control) }))

/** Sets the rules. They delete: the password must have been given a moment ago. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'job-start' }, async ({ container, body, user }) => {
  await requireRecentAuthentication(user, 'set which backups are kept')
  await saveRetention(container.control, body.rules, user.email)
  return { rules: await readRetention(container.control) }
})
