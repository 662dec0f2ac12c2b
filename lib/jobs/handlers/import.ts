import { noKeys } from '@/lib/backup/encryption'
import { importArchive } from '@/lib/backup/foreign/import-archive'
import { parseTypedKey } from '@/lib/backup/key-policy'
import type { BackupSetup } from '@/lib/backup/make-backup'
import { openSecret } from '@/lib/control/secrets'
import type { JobHandler } from '@/lib/jobs/job-handler'

/** Checks an archive from elsewhere and takes it into the list. */
export function createImportHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'import'> {
  return async ({ origin, sealedKey }, { jobId, requestedBy, report, signal }) => {
    const keys = sealedKey === null ? noKeys : parseTypedKey(openSecret(sealedKey, backups.master))
    const options = { origin, keys, requestedBy, jobId, holder: `job ${jobId}` }
    const { backup, outcome } = await importArchive(backups, options, report, signal)
    return { status: 'succeeded', result: { backupId: backup.id, outcome } }
  }
}
