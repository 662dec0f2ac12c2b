import { relative } from 'node:path'
import { adminRoute } from '@/app/_server/api-route'
import { backupRequestSchema, requestBackup } from '@/app/_server/backup-requests'
import { listBackups, listPastBackups } from '@/lib/backup/backup-catalogue'
import { readKeyPolicy } from '@/lib/backup/key-policy'

/** As far as the calendar looks back, in milliseconds. */
const calendarMs = 91 * 24 * 60 * 60_000

/** All backups, newest first, those of the calendar that were deleted, and how the next one will be encrypted. */
export const GET = adminRoute({}, async ({ container: { backups, control, root } }) => {
  const inside = relative(root, backups.folder)
  return {
    backups: await listBackups(backups),
    past: await listPastBackups(backups, new Date(control.clock.now().getTime() - calendarMs)),
    keys: await readKeyPolicy(control),
    folder: inside.startsWith('..') ? backups.folder : inside,
  }
})

/** Queues a backup. */
export const POST = adminRoute({ body: backupRequestSchema, rateLimit: 'job-start', status: 202 }, async ({ container, user, body }) => ({
  job: await requestBackup(container, user, body),
}))
