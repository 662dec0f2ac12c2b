import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { typedKeySchema } from '@/app/_server/backup-requests'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { openArchive } from '@/lib/backup/destinations/open-archive'
import { keysFor, parseTypedKey } from '@/lib/backup/key-policy'
import { requireKey } from '@/lib/backup/trial-backup'
import { reportError } from '@/lib/core/errors'

/** Null: the key that this server keeps. */
const bodySchema = z.object({ key: typedKeySchema.nullable() })

/** Whether a key opens an archive: its header is opened, no content is read, the key is kept nowhere. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start' },
  async ({ container, params, body, request }) => {
    const { backups, environment } = container
    const backup = await getBackup(backups, params.id)
    const keys =
      body.key === null ? await keysFor(backups.store, backup.encryption, environment.nextAuthSecret) : parseTypedKey(body.key.trim())
    const place = await openArchive(backups, backup, null, request.signal)
    try {
      await requireKey(place, keys, request.signal)
      return { opens: true }
    } catch (error) {
      if (reportError(error).code === 'BACKUP_KEY_WRONG') return { opens: false }
      throw error
    } finally {
      if (typeof place !== 'string') place.close()
    }
  },
)
