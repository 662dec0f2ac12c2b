import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requestRestore, typedKeySchema } from '@/app/_server/backup-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { previewRestore } from '@/lib/backup/restore-backup'
import { restoreParts } from '@/lib/backup/restore-plan'

const bodySchema = z.object({
  parts: z.enum(restoreParts),
  /** Typed by the admin, who was shown the preview. */
  confirmation: z.literal('RESTORE'),
  key: typedKeySchema.nullable().default(null),
  /** Id of the destination whose copy is restored; null: the archive on this machine, or else the nearest copy. */
  from: z.string().max(100).nullable().default(null),
})

/** What restoring this backup would change, compared with now. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params, request }) => ({
  preview: await previewRestore(container.backups, params.id, request.signal),
}))

/** Queues the restore. The password must have been given a moment ago. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start', status: 202 },
  async ({ container, params, body, user }) => {
    await requireRecentAuthentication(user, 'restore a backup')
    return { job: await requestRestore(container, user, params.id, body) }
  },
)
