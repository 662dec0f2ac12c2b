import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requireDownload } from '@/app/_server/download-link'
import { fileResponse, streamResponse } from '@/app/_server/file-response'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { openArchive } from '@/lib/backup/destinations/open-archive'

const querySchema = z.object({ token: z.string().min(1).max(200) })

/** The archive itself, streamed; resumable by Range. Only with a link that this session was given. */
export const GET = adminRoute({ params: idParamsSchema, query: querySchema }, async ({ container, params, query, request, user }) => {
  requireDownload(query.token, user, `backup ${params.id}`, new Date(), container.environment.nextAuthSecret)
  const backup = await getBackup(container.backups, params.id)
  const served = { name: backup.fileName ?? 'backup', etag: backup.sha256 ?? backup.id }
  const place = await openArchive(container.backups, backup, null, request.signal)
  if (typeof place === 'string') {
    const { size } = await stat(/*turbopackIgnore: true*/ place)
    return fileResponse(request, { path: place, sizeBytes: size, ...served })
  }
  // From a destination it streams through; the connection ends with the request.
  const open = async (range: { readonly start: number; readonly end: number }) => {
    const stream = await place.open(request.signal, range)
    stream.once('close', () => place.close())
    return stream
  }
  return streamResponse(request, { ...served, sizeBytes: place.sizeBytes, open })
})
