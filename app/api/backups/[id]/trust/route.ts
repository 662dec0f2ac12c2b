import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { trustBackup } from '@/lib/backup/foreign/import-archive'

/** Typed by the admin, who was shown the manifest. */
const bodySchema = z.object({ confirmation: z.literal('TRUST') })

/** Says that an archive from elsewhere may be used. The password must have been given a moment ago. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start' },
  async ({ container, params, user }) => {
    await requireRecentAuthentication(user, 'trust an archive')
    await trustBackup(container.backups, params.id, user.email)
    return { backup: await getBackup(container.backups, params.id) }
  },
)
