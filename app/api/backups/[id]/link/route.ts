import { adminRoute } from '@/app/_server/api-route'
import { signDownload } from '@/app/_server/download-link'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { openArchive } from '@/lib/backup/destinations/open-archive'
import { recordAudit } from '@/lib/control/audit'

/** A link to download a backup, for this session and one hour. An archive is all data of the app: the password comes first. */
export const POST = adminRoute({ params: idParamsSchema, rateLimit: 'job-start' }, async ({ container, params, request, user }) => {
  const { backups, control, environment } = container
  await requireRecentAuthentication(user, 'download a backup')
  const backup = await getBackup(backups, params.id)
  const place = await openArchive(backups, backup, null, request.signal)
  if (typeof place !== 'string') place.close()
  const { token, expiresAt } = signDownload(user, `backup ${backup.id}`, new Date(), environment.nextAuthSecret)
  await recordAudit(control, { actor: user.email, action: 'backup.download-link', subject: backup.id })
  return { path: `/api/backups/${encodeURIComponent(backup.id)}/download?token=${token}`, expiresAt: expiresAt.toISOString() }
})
