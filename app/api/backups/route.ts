import { relative } from 'node:path'
import { adminRoute } from '@/app/_server/api-route'
import { backupRequestSchema, requestBackup } from '@/app/_server/backup-requests'
import { listBackups } from '@/lib/backup/backup-catalogue'
import { readKeyPolicy } from '@/lib/backup/key-policy'

/** All backups, newest first, and how the next one will be encrypted. */
export const GET = adminRoute({}, async ({ container: { backups, control, root } }) => {
  const inside = relative(root, backups.folder)
  return {
    backups: await listBackups(backups),
    keys: await readKeyPolicy(control),
    folder: inside.startsWith('..') ? backups.folder : inside,
  }
})

/** Queues a backup. */
export const POST = adminRoute({ body: backupRequestSchema, rateLimit: 'job-start', status: 202 }, async ({ container, user, body }) => ({
  job: await requestBackup(container, user, body),
}))
