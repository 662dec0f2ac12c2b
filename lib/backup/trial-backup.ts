import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LeaseRequest, withLease } from '@/lib/control/lease'
import type { ErrorReport } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { workFolderName } from './archive-name'
import { getBackup, noteTrial } from './backup-catalogue'
import type { BackupView, Trial } from './backup-view'
import { createByteProgress } from './byte-progress'
import type { ArchivePlace } from './destinations/archive-place'
import { noteCopyFailed } from './destinations/copy-catalogue'
import { openArchive } from './destinations/open-archive'
import { decryptStream, type OpeningKeys } from './encryption'
import { keysFor } from './key-policy'
import { type BackupSetup, backupsLease } from './make-backup'
import { isEncrypted } from './read-archive'
import { requireTrusted } from './restore-plan'
import { runPhase } from './run-phases'
import { tryPostgresIn } from './source-access'
import { tryRestore } from './try-restore'

export interface TrialOptions {
  readonly id: string
  /** Keys that somebody gave; tried beside those of this server. */
  readonly keys: OpeningKeys
  readonly holder: string
  /** Id of the destination whose copy is to be tried. Default: the nearest there is. */
  readonly from?: string | null
}

/**
 * Restores a backup that was made earlier for a trial, and notes how it came out; of a copy at a destination that fails, at
 * that copy alone. Answers the backup with the outcome of this trial.
 *
 * @throws AppError NOT_FOUND, LEASE_HELD, BACKUP_KEY_WRONG (which says nothing of the backup and is not noted), CANCELLED
 */
export async function trialBackup(setup: BackupSetup, options: TrialOptions, report: Report, signal: AbortSignal): Promise<BackupView> {
  const lease: LeaseRequest = { name: backupsLease, holder: options.holder, purpose: 'trial of a backup' }
  return withLease(setup.store, lease, signal, async (held) => {
    const backup = await getBackup(setup, options.id)
    requireTrusted(backup, 'try a backup')
    const path = await openArchive(setup, backup, options.from ?? null, held)
    const own = await keysFor(setup.store, backup.encryption, setup.master)
    const keys = {
      passphrases: [...own.passphrases, ...options.keys.passphrases],
      identities: [...own.identities, ...options.keys.identities],
    }
    report({ type: 'plan', phases: ['trial'] })
    const folder = join(setup.folder, workFolderName(`trial-${backup.id}`))
    try {
      await requireKey(path, keys, held)
      const source = await setup.source()
      const tried = await runPhase('trial', report, held, async () => {
        await rm(folder, { recursive: true, force: true })
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const progress = createByteProgress('trial', backup.sizeBytes, report)
        const trial = await tryRestore({
          path,
          ...(backup.sha256 === null ? {} : { sha256: backup.sha256 }),
          keys,
          fileKey: setup.files.key,
          folder,
          tryPostgres: tryPostgresIn(source, setup.startServer, backup.origin === 'upload'),
          onProgress: progress.update,
          signal: held,
        })
        progress.finish()
        if (trial.problem !== null) report({ type: 'log', level: trial.status === 'failed' ? 'error' : 'warn', message: trial.problem })
        // A copy that is damaged says nothing against the archive, nor against other copies.
        if (typeof path === 'string' || trial.status !== 'failed') await noteTrial(setup, backup.id, trial)
        else await noteCopyFailed(setup.store, { backupId: backup.id, destinationId: path.destinationId }, damagedCopy(trial))
        const { place, tables, rows, filesOpened } = trial
        return { result: trial, facts: { passed: trial.status === 'passed', place, tables, rows, filesOpened } }
      })
      return { ...(await getBackup(setup, backup.id)), trial: tried }
    } finally {
      if (typeof path !== 'string') path.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
}

function damagedCopy({ problem }: Trial): ErrorReport {
  return {
    code: 'BACKUP_DAMAGED',
    message: `This copy did not restore: ${problem ?? 'no reason was given'}`,
    hint: 'Copy the backup there again.',
    retryable: false,
  }
}

/** Opens the header of an archive and no more: whether one of the keys is the right one. @throws AppError BACKUP_KEY_WRONG */
export async function requireKey(path: ArchivePlace, keys: OpeningKeys, signal: AbortSignal): Promise<void> {
  if (!(await isEncrypted(path, signal))) return
  const file = typeof path === 'string' ? createReadStream(path) : await path.open(signal)
  const plain = await decryptStream(file, keys)
  plain.destroy()
  file.destroy()
}
