import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requireDownload } from '@/app/_server/download-link'
import { fileResponse } from '@/app/_server/file-response'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { archivePath, getBackup } from '@/lib/backup/backup-catalogue'

const querySchema = z.object({ token: z.string().min(1).max(200) })

/** The archive itself, streamed; resumable by Range. Only with a link that this session was given. */
export const GET = adminRoute({ params: idParamsSchema, query: querySchema }, async ({ container, params, query, request, user }) => {
  requireDownload(query.token, user, `backup ${params.id}`, new Date(), container.environment.nextAuthSecret)
  const backup = await getBackup(container.backups, params.id)
  const path = archivePath(container.backups, backup)
  const { size } = await stat(/*turbopackIgnore: true*/ path)
  return fileResponse(request, { path, name: backup.fileName ?? 'backup', sizeBytes: size, etag: backup.sha256 ?? backup.id })
})
