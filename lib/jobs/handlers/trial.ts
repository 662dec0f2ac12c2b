import { noKeys } from '@/lib/backup/encryption'
import { parseTypedKey } from '@/lib/backup/key-policy'
import type { BackupSetup } from '@/lib/backup/make-backup'
import { trialBackup } from '@/lib/backup/trial-backup'
import { openSecret } from '@/lib/control/secrets'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { outcomeOf } from './backup'

/** Restores a backup that was made earlier for a trial. */
export function createTrialHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'trial'> {
  return async ({ backupId, sealedKey, from }, { jobId, report, signal }) => {
    const keys = sealedKey === null ? noKeys : parseTypedKey(openSecret(sealedKey, backups.master))
    return outcomeOf(await trialBackup(backups, { id: backupId, keys, from, holder: `job ${jobId}` }, report, signal))
  }
}
