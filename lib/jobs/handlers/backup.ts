import type { BackupView } from '@/lib/backup/backup-view'
import { pruneCopies } from '@/lib/backup/destinations/prune-copies'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { pruneBackups } from '@/lib/backup/prune-backups'
import { type ErrorReport, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { HandlerOutcome, JobHandler } from '@/lib/jobs/job-handler'

/** Makes a backup and tries it. The job succeeds when the trial did not fail: an archive that does not restore is no backup. */
export function createBackupHandler({ backups }: { readonly backups: BackupSetup }): JobHandler<'backup'> {
  return async ({ includeEnvironment, format, trial, origin, encrypt }, { jobId, requestedBy, report, signal }) => {
    const holder = `job ${jobId}`
    const wish = { origin, requestedBy, jobId, includeEnvironment, format, trial, holder, ...(encrypt === undefined ? {} : { encrypt }) }
    const backup = await makeBackup(backups, wish, report, signal)
    const outcome = outcomeOf(backup)
    // Only after one that is good; a retention that fails is said and does not spoil the backup that was made.
    if (outcome.status === 'succeeded') await prune(backups, holder, report, signal)
    const failed = backup.copies.filter(({ status }) => status === 'failed')
    if (outcome.status === 'failed' || failed.length === 0) return outcome
    return { status: 'failed', error: copiesFailed(failed, backup.copies.length), result: outcome.result }
  }
}

async function prune(backups: BackupSetup, holder: string, report: Report, signal: AbortSignal): Promise<void> {
  try {
    const gone = await pruneBackups(backups, holder, signal)
    if (gone.length > 0) report({ type: 'log', level: 'info', message: `Older backups deleted by the rules: ${gone.join(', ')}.` })
    const { removed, problems } = await pruneCopies(backups, holder, signal)
    for (const { id, destination } of removed)
      report({ type: 'log', level: 'info', message: `${id} deleted at ${destination} by its rules.` })
    for (const problem of problems) report({ type: 'log', level: 'warn', message: `Older copies could not be deleted: ${problem}` })
  } catch (error) {
    report({ type: 'log', level: 'warn', message: `Older backups could not be deleted: ${reportError(error).message}` })
  }
}

/** A backup that is good here and did not reach all of its destinations. */
export function copiesFailed(failed: readonly { readonly name: string | null }[], of: number): ErrorReport {
  const names = failed.map(({ name }) => name ?? '?').join(', ')
  return {
    code: 'DESTINATION_FAILED',
    message: `The backup is whole on this machine, but ${failed.length} of ${of} destinations did not take it: ${names}.`,
    hint: 'The page of the backup says why. Test the destination, then copy the backup there again.',
    retryable: true,
  }
}

/** What a job keeps of a backup, and whether it ended well. */
export function outcomeOf(backup: BackupView): HandlerOutcome {
  const { id, sizeBytes, engine, trial } = backup
  const copies = backup.copies.map(({ destinationId, name, status }) => ({ destinationId, name, status }))
  const result = { backupId: id, sizeBytes, engine, encrypted: backup.encryption.kind !== 'none', trial: trial?.status ?? null, copies }
  if (trial?.status !== 'failed') return { status: 'succeeded', result }
  const message = `The trial restore failed: ${trial.problem ?? 'no reason was given'}`
  return {
    status: 'failed',
    error: { code: 'BACKUP_DAMAGED', message, hint: 'Do not rely on this backup. Make another one.', retryable: true },
    result,
  }
}
