import { adminRoute } from '@/app/_server/api-route'
import { listBackups } from '@/lib/backup/backup-catalogue'
import { couldRecover } from '@/lib/backup/could-recover'

/** "Could I recover now?": the first line of the overview. */
export const GET = adminRoute({}, async ({ container: { backups } }) => couldRecover(await listBackups(backups), new Date()))
