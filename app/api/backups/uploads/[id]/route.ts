import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { appendPiece, getUpload, removeUpload } from '@/lib/backup/foreign/quarantine'
import { AppError } from '@/lib/core/errors'

const querySchema = z.object({ offset: z.coerce.number().int().nonnegative() })

/** Where an upload stands: it goes on from there. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params }) => ({
  upload: await getUpload(container.backups.folder, params.id),
}))

/** The next piece of an archive, as it comes; it is written as it streams and never held whole. */
export const PUT = adminRoute({ params: idParamsSchema, query: querySchema }, async ({ container, params, query, request }) => {
  if (request.body === null)
    throw new AppError({
      code: 'INVALID_INPUT',
      operation: 'receive an archive',
      message: 'The piece is empty.',
      hint: 'Send the bytes from the offset on.',
    })
  // Node's and the DOM's stream types are the same object under two names.
  const content = Readable.fromWeb(request.body as NodeReadableStream<Uint8Array>)
  return { upload: await appendPiece(container.backups.folder, params.id, query.offset, content, request.signal) }
})

/** Throws an upload away. */
export const DELETE = adminRoute({ params: idParamsSchema, rateLimit: 'job-start' }, async ({ container, params }) => {
  await getUpload(container.backups.folder, params.id)
  await removeUpload(container.backups.folder, params.id)
  return { removed: params.id }
})
