import { copyBackup } from '@/lib/backup/destinations/copy-backup'
import { type BackupSetup, backupsLease } from '@/lib/backup/make-backup'
import { withLease } from '@/lib/control/lease'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { copiesFailed } from './backup'

/** Copies a backup to destinations that do not have it yet. */
export function createCopyHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'copy'> {
  return async ({ backupId, destinationIds }, { jobId, requestedBy, report, signal }) => {
    const lease = { name: backupsLease, holder: `job ${jobId}`, purpose: 'copy of a backup' }
    const copies = await withLease(backups.store, lease, signal, (held) =>
      copyBackup(backups, backupId, destinationIds, requestedBy, report, held),
    )
    const failed = copies.filter(({ status }) => status === 'failed')
    const result = { backupId, copies }
    return failed.length === 0 ? { status: 'succeeded', result } : { status: 'failed', error: copiesFailed(failed, copies.length), result }
  }
}
