import { noKeys } from '@/lib/backup/encryption'
import { parseTypedKey } from '@/lib/backup/key-policy'
import type { BackupSetup } from '@/lib/backup/make-backup'
import { restoreBackup } from '@/lib/backup/restore-backup'
import { openSecret } from '@/lib/control/secrets'
import type { JobHandler } from '@/lib/jobs/job-handler'

/** Restores a backup into the app. What fails leaves the live data as it was; what is killed is put in order by recovery. */
export function createRestoreHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'restore'> {
  return async ({ backupId, parts, sealedKey, from }, { jobId, requestedBy, report, signal }) => {
    const keys = sealedKey === null ? noKeys : parseTypedKey(openSecret(sealedKey, backups.master))
    const result = await restoreBackup(
      backups,
      { id: backupId, parts, keys, from, requestedBy, jobId, holder: `job ${jobId}` },
      report,
      signal,
    )
    return { status: 'succeeded', result }
  }
}
