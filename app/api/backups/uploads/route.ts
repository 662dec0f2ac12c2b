import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { listUploads, startUpload } from '@/lib/backup/foreign/quarantine'
import { newUploadSchema } from '@/lib/backup/foreign/upload-view'
import { recordAudit } from '@/lib/control/audit'

/** Archives from elsewhere that are arriving or wait to be checked. */
export const GET = adminRoute({}, async ({ container }) => ({ uploads: await listUploads(container.backups.folder) }))

/** Announces an archive; its pieces follow. The password must have been given a moment ago. */
export const POST = adminRoute({ body: newUploadSchema, rateLimit: 'job-start', status: 201 }, async ({ container, body, user }) => {
  const { backups, control } = container
  await requireRecentAuthentication(user, 'upload an archive')
  const upload = await startUpload(backups.folder, body, user.email, control.clock.now())
  const detail = { name: upload.name, sizeBytes: upload.sizeBytes }
  await recordAudit(control, { actor: user.email, action: 'upload.started', subject: upload.id, detail })
  return { upload }
})
