import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LeaseRequest, withLease } from '@/lib/control/lease'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { keyFingerprint } from '@/lib/cv/cv-format'
import { newBackupId } from './archive-name'
import { type BackupCatalogue, type BackupRequest, forgetBackup, getBackup, noteFailed, noteTrial, noteWritten } from './backup-catalogue'
import type { BackupOrigin, BackupView } from './backup-view'
import { createBackup } from './create-backup'
import type { BackupSource, FileRowQueries, PostgresFormat } from './database-snapshot'
import { policyKey } from './key-policy'
import { sweepFolder } from './sweep-folder'

/** What backups of this app are made of; built in the composition roots. */
export interface BackupSetup extends BackupCatalogue {
  /** The database that the app uses now. */
  readonly source: () => Promise<BackupSource>
  readonly files: { readonly folder: string; readonly key: Buffer; readonly rows: FileRowQueries }
  /** Path of the app's `.env`. */
  readonly environmentPath: string
  readonly app: { readonly name: string; readonly version: string }
  /** NEXTAUTH_SECRET. */
  readonly master: string
  /** The app's folder, absolute: its schema migrations lie there. */
  readonly root: string
  /** Whether leftovers of killed backups are removed first. false while a restore has its own work beside. Default: true. */
  readonly sweep?: boolean
}

export interface MakeBackupOptions {
  readonly origin: BackupOrigin
  readonly requestedBy: string
  readonly jobId: string | null
  /** Whether `.env` is taken along. Default: false. Only in an encrypted archive. */
  readonly includeEnvironment?: boolean
  /** Default: as the policy says. */
  readonly encrypt?: boolean
  readonly format?: PostgresFormat
  /** Default: true. */
  readonly trial?: boolean
  /** Who holds the lease, in words for people. */
  readonly holder: string
}

/** One backup, trial or deletion at a time, from the worker and the command line alike. */
export const backupsLease = 'backups'

/**
 * Makes a backup by the app's policy and lists it. The row appears when the archive is whole on the disk; a failure is noted
 * as such, a cancel leaves nothing at all.
 *
 * @throws AppError LEASE_HELD while another one is made, and whatever createBackup throws
 */
export async function makeBackup(setup: BackupSetup, options: MakeBackupOptions, report: Report, signal: AbortSignal): Promise<BackupView> {
  const { store, folder } = setup
  const lease: LeaseRequest = { name: backupsLease, holder: options.holder, purpose: 'backup' }
  return withLease(store, lease, signal, async (held) => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (setup.sweep !== false) await sweepFolder(folder)
    const createdAt = store.clock.now()
    const source = await setup.source()
    const keyed = options.encrypt === false ? null : await policyKey(store, setup.master)
    if (options.includeEnvironment && keyed === null) throw needsEncryption()
    if (options.encrypt === true && keyed === null) throw needsPolicy()
    const { origin, requestedBy, jobId } = options
    const request: BackupRequest = {
      id: newBackupId(createdAt),
      origin,
      createdAt,
      requestedBy,
      jobId,
      engine: source.engine,
      encryption: keyed?.encryption ?? { kind: 'none' },
    }
    try {
      const created = await createBackup(
        {
          id: request.id,
          folder,
          source,
          ...(options.format === undefined ? {} : { format: options.format }),
          ...(options.trial === undefined ? {} : { trial: options.trial }),
          files: { ...setup.files, keyFingerprint: keyFingerprint(setup.files.key) },
          environmentFile: options.includeEnvironment ? setup.environmentPath : null,
          encryption: keyed?.key ?? null,
          createdAt,
          createdBy: requestedBy,
          app: setup.app,
          onWritten: (written) => noteWritten(setup, request, written),
        },
        report,
        held,
      )
      if (created.trial) await noteTrial(setup, request.id, created.trial)
      return await getBackup(setup, request.id)
    } catch (error) {
      // It may have been listed already: the archive is gone by now.
      await forgetBackup(setup, request.id, requestedBy, 'cancelled or failed')
      const failure = reportError(error)
      if (!held.aborted && failure.code !== 'CANCELLED') await noteFailed(setup, request, failure)
      throw error
    }
  })
}

/** Deletes the archive, then the row. @throws AppError STATE_CONFLICT for a locked one, NOT_FOUND, LEASE_HELD */
export async function deleteBackup(setup: BackupCatalogue, id: string, actor: string, reason: string): Promise<void> {
  const lease: LeaseRequest = { name: backupsLease, holder: actor, purpose: 'deletion of a backup' }
  await withLease(setup.store, lease, new AbortController().signal, () => deleteUnderLease(setup, id, actor, reason))
}

/** The same for a caller that holds the lease. */
export async function deleteUnderLease(setup: BackupCatalogue, id: string, actor: string, reason: string): Promise<void> {
  const backup = await getBackup(setup, id)
  if (backup.locked) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'delete a backup',
      subject: id,
      message: 'This backup is locked.',
      hint: 'Unlock it first, if it is really to go.',
    })
  }
  if (backup.fileName !== null) await rm(join(/*turbopackIgnore: true*/ setup.folder, backup.fileName), { force: true })
  await forgetBackup(setup, id, actor, reason)
}

function needsEncryption(): AppError {
  return new AppError({
    code: 'INVALID_INPUT',
    operation: 'make a backup',
    message: 'The file .env holds the app’s secrets and is only taken into an encrypted backup.',
    hint: 'Set the encryption of backups first, or leave .env out.',
  })
}

function needsPolicy(): AppError {
  return new AppError({
    code: 'BACKUP_KEY_WRONG',
    operation: 'make a backup',
    message: 'The backup is to be encrypted, but no key is set. Nothing was written.',
    hint: 'Set the encryption of backups first.',
  })
}
