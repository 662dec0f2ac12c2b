import type { BackupView } from '@/lib/backup/backup-view'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import type { HandlerOutcome, JobHandler } from '@/lib/jobs/job-handler'

/** Makes a backup and tries it. The job succeeds when the trial did not fail: an archive that does not restore is no backup. */
export function createBackupHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'backup'> {
  return async ({ includeEnvironment, format, trial, origin, encrypt }, { jobId, requestedBy, report, signal }) => {
    const holder = `job ${jobId}`
    const wish = { origin, requestedBy, jobId, includeEnvironment, format, trial, holder, ...(encrypt === undefined ? {} : { encrypt }) }
    return outcomeOf(await makeBackup(backups, wish, report, signal))
  }
}

/** What a job keeps of a backup, and whether it ended well. */
export function outcomeOf(backup: BackupView): HandlerOutcome {
  const { id, sizeBytes, engine, trial } = backup
  const result = { backupId: id, sizeBytes, engine, encrypted: backup.encryption.kind !== 'none', trial: trial?.status ?? null }
  if (trial?.status !== 'failed') return { status: 'succeeded', result }
  const message = `The trial restore failed: ${trial.problem ?? 'no reason was given'}`
  return {
    status: 'failed',
    error: { code: 'BACKUP_DAMAGED', message, hint: 'Do not rely on this backup. Make another one.', retryable: true },
    result,
  }
}
