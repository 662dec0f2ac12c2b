import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { getBackup, setLocked } from '@/lib/backup/backup-catalogue'

const bodySchema = z.object({ locked: z.boolean() })

/** Keeps a backup from being deleted, by retention and by hand, or gives it free. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start' },
  async ({ container, params, body, user }) => {
    await setLocked(container.backups, params.id, body.locked, user.email)
    return { backup: await getBackup(container.backups, params.id) }
  },
)
