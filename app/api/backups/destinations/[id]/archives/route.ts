import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { typedKeySchema } from '@/app/_server/backup-requests'
import { requestImport } from '@/app/_server/destination-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { archiveNamePattern } from '@/lib/backup/archive-name'
import { listBackups } from '@/lib/backup/backup-catalogue'
import { openDestination } from '@/lib/backup/destinations/destination-store'

const bodySchema = z.object({ key: z.string().regex(archiveNamePattern), typedKey: typedKeySchema.nullable().default(null) })
const timeLimitMs = 30_000

/** The archives that lie there, and which backup of the list each is, when it is one. */
export const GET = adminRoute({ params: idParamsSchema, rateLimit: 'browse' }, async ({ container: { backups }, params, request }) => {
  const storage = await openDestination(backups, params.id)
  try {
    const archives = await storage.list(AbortSignal.any([request.signal, AbortSignal.timeout(timeLimitMs)]))
    const known = await listBackups(backups, 20_000)
    const backupOf = (key: string) =>
      known.find(({ copies }) => copies.some((copy) => copy.destinationId === params.id && copy.key === key && copy.status === 'uploaded'))
    return { archives: archives.map((archive) => ({ ...archive, backupId: backupOf(archive.key)?.id ?? null })) }
  } finally {
    storage.close()
  }
})

/** Queues the check of one of them: it is fetched, and comes into the list marked as foreign. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start', status: 202 },
  async ({ container, params, body, user }) => ({
    job: await requestImport(container, user, { kind: 'destination', destinationId: params.id, key: body.key }, body.typedKey),
  }),
)
