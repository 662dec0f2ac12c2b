import type { BackupView } from '@/lib/backup/backup-view'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { pruneBackups } from '@/lib/backup/prune-backups'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { HandlerOutcome, JobHandler } from '@/lib/jobs/job-handler'

/** Makes a backup and tries it. The job succeeds when the trial did not fail: an archive that does not restore is no backup. */
export function createBackupHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'backup'> {
  return async ({ includeEnvironment, format, trial, origin, encrypt }, { jobId, requestedBy, report, signal }) => {
    const holder = `job ${jobId}`
    const wish = { origin, requestedBy, jobId, includeEnvironment, format, trial, holder, ...(encrypt === undefined ? {} : { encrypt }) }
    const outcome = outcomeOf(await makeBackup(backups, wish, report, signal))
    // Only after one that is good; a retention that fails is said and does not spoil the backup that was made.
    if (outcome.status === 'succeeded') await prune(backups, holder, report, signal)
    return outcome
  }
}

async function prune(backups: BackupSetup, holder: string, report: Report, signal: AbortSignal): Promise<void> {
  try {
    const gone = await pruneBackups(backups, holder, signal)
    if (gone.length > 0) report({ type: 'log', level: 'info', message: `Older backups deleted by the rules: ${gone.join(', ')}.` })
  } catch (error) {
    report({ type: 'log', level: 'warn', message: `Older backups could not be deleted: ${reportError(error).message}` })
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
