import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { deleteBackup } from '@/lib/backup/make-backup'

/** One backup with its manifest. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params }) => ({
  backup: await getBackup(container.backups, params.id),
}))

/** Deletes a backup for good. The password must have been given a moment ago. */
export const DELETE = adminRoute({ params: idParamsSchema, rateLimit: 'job-start' }, async ({ container, params, user }) => {
  await requireRecentAuthentication(user, 'delete a backup')
  await getBackup(container.backups, params.id)
  await deleteBackup(container.backups, params.id, user.email, 'by hand')
  return { deleted: params.id }
})
