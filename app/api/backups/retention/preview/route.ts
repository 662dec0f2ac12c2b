import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { previewRetention } from '@/lib/backup/prune-backups'
import { countKept, retentionSchema } from '@/lib/backup/retention'

const bodySchema = z.object({ rules: retentionSchema })

/** What these rules would delete now, and why the others stay. Nothing is touched. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'job-start' }, async ({ container, body }) => {
  const plan = await previewRetention(container.backups, body.rules)
  return { remove: plan.remove, heldBack: plan.heldBack, kept: countKept(plan) }
})
