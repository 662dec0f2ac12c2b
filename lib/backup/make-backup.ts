import { access, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LeaseRequest, withLease } from '@/lib/control/lease'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { keyFingerprint } from '@/lib/cv/cv-format'
import { newBackupId } from './archive-name'
import {
  type BackupCatalogue,
  type BackupRequest,
  forgetBackup,
  getBackup,
  noteFailed,
  noteTrial,
  noteWritten,
  unfinished,
} from './backup-catalogue'
import type { BackupOrigin, BackupView } from './backup-view'
import { createBackup } from './create-backup'
import type { BackupSource, FileRowQueries, PostgresFormat } from './database-snapshot'
import { copyBackup, copyPhase, sweepCopies } from './destinations/copy-backup'
import { type DestinationSetup, listDestinations } from './destinations/destination-store'
import { removeCopies } from './destinations/remove-copies'
import { policyKey } from './key-policy'
import type { StartServer } from './scratch-server'
import { sweepFolder } from './sweep-folder'

/** What backups of this app are made of; built in the composition roots. */
export interface BackupSetup extends BackupCatalogue, DestinationSetup {
  /** The database that the app uses now. */
  readonly source: () => Promise<BackupSource>
  readonly files: { readonly folder: string; readonly key: Buffer; readonly rows: FileRowQueries }
  /** Path of the app's `.env`. */
  readonly environmentPath: string
  readonly app: { readonly name: string; readonly version: string }
  /**
   * Copies a SQLite file into an empty PostgreSQL database: how an SQLite backup comes into an app on PostgreSQL. Absent:
   * such a restore is refused.
   */
  readonly copyFile?: (sqlitePath: string, targetUrl: string, workDir: string, report: Report, signal: AbortSignal) => Promise<void>
  /**
   * Starts a PostgreSQL server on which nothing of the app's lies: where dumps are read, restored and tried while the app is
   * on SQLite. Absent: they cannot be.
   */
  readonly startServer?: StartServer
  /** Copies a PostgreSQL database into a new SQLite file and proves it: how a dump comes into an app on SQLite. */
  readonly copyBack?: (postgresUrl: string, sqlitePath: string, report: Report, signal: AbortSignal) => Promise<void>
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
  /** Ids of the destinations that it is copied to. Default: all that are enabled; a safety backup goes nowhere. */
  readonly copyTo?: readonly string[]
  /** Who holds the lease, in words for people. */
  readonly holder: string
  /** PostgreSQL: called when the snapshot stands and before anything is read from it. Throws when called twice. */
  readonly onSnapshot?: () => Promise<void>
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
    if (setup.sweep !== false) {
      await sweepFolder(folder)
      await sweepCopies(setup, held)
    }
    const copyTo = await chooseDestinations(store, options)
    const createdAt = store.clock.now()
    const source = await setup.source()
    const keyed = options.encrypt === false ? null : await policyKey(store, setup.master)
    if (options.includeEnvironment && keyed === null) throw needsEncryption()
    if (options.includeEnvironment) await access(setup.environmentPath).catch((cause) => Promise.reject(noEnvironment(cause)))
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
          ...(options.onSnapshot === undefined ? {} : { onSnapshot: options.onSnapshot }),
          files: { ...setup.files, keyFingerprint: keyFingerprint(setup.files.key) },
          environmentFile: options.includeEnvironment ? setup.environmentPath : null,
          encryption: keyed?.key ?? null,
          createdAt,
          createdBy: requestedBy,
          app: setup.app,
          onWritten: (written) => noteWritten(setup, request, written),
        },
        copyTo.length > 0 ? announceCopies(report) : report,
        held,
      )
      if (created.trial) await noteTrial(setup, request.id, created.trial)
    } catch (error) {
      // It may have been listed already: the archive is gone by now.
      await forgetBackup(setup, request.id, requestedBy, unfinished)
      const failure = reportError(error)
      if (!held.aborted && failure.code !== 'CANCELLED') await noteFailed(setup, request, failure)
      throw error
    }
    const backup = await getBackup(setup, request.id)
    // One that does not restore goes nowhere. A cancel from here on keeps what was made.
    if (copyTo.length === 0 || backup.trial?.status === 'failed') return backup
    await copyBackup(setup, request.id, copyTo, requestedBy, report, held)
    return getBackup(setup, request.id)
  })
}

/** Where a new backup goes besides the folder of the archives. @throws AppError INVALID_INPUT for a destination that is none */
async function chooseDestinations(store: BackupSetup['store'], { origin, copyTo }: MakeBackupOptions): Promise<readonly string[]> {
  const known = await listDestinations(store)
  if (copyTo === undefined) return origin === 'safety' ? [] : known.filter(({ enabled }) => enabled).map(({ id }) => id)
  const wrong = copyTo.find((id) => !known.some((destination) => destination.id === id))
  if (wrong === undefined) return copyTo
  throw new AppError({
    code: 'INVALID_INPUT',
    operation: 'make a backup',
    subject: wrong,
    message: 'There is no such destination.',
    hint: 'The Backups page lists the destinations.',
  })
}

/** The same events, with the copies in the plan. */
function announceCopies(report: Report): Report {
  return (event) => report(event.type === 'plan' ? { ...event, phases: [...event.phases, copyPhase] } : event)
}

/** Deletes the archive everywhere, then the row. @throws AppError STATE_CONFLICT for a locked one, NOT_FOUND, LEASE_HELD, DESTINATION_FAILED (then it is still listed, with what is left) */
export async function deleteBackup(setup: BackupCatalogue & DestinationSetup, id: string, actor: string, reason: string): Promise<void> {
  const lease: LeaseRequest = { name: backupsLease, holder: actor, purpose: 'deletion of a backup' }
  await withLease(setup.store, lease, new AbortController().signal, async (held) => {
    requireUnlocked(await getBackup(setup, id))
    await removeCopies(setup, id, held)
    await deleteUnderLease(setup, id, actor, reason)
  })
}

/** Deletes the archive of this machine for a caller that holds the lease; the row stays while there are copies elsewhere. */
export async function deleteUnderLease(setup: BackupCatalogue, id: string, actor: string, reason: string): Promise<void> {
  const backup = await getBackup(setup, id)
  requireUnlocked(backup)
  if (backup.fileName !== null) await rm(join(/*turbopackIgnore: true*/ setup.folder, backup.fileName), { force: true })
  const isElsewhere = backup.copies.some(({ status }) => status === 'uploaded')
  if (!isElsewhere) await forgetBackup(setup, id, actor, reason)
}

function requireUnlocked({ id, locked }: BackupView): void {
  if (!locked) return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'delete a backup',
    subject: id,
    message: 'This backup is locked.',
    hint: 'Unlock it first, if it is really to go.',
  })
}

function needsEncryption(): AppError {
  return new AppError({
    code: 'INVALID_INPUT',
    operation: 'make a backup',
    message: 'The file .env holds the app’s secrets and is only taken into an encrypted backup.',
    hint: 'Set the encryption of backups first, or leave .env out.',
  })
}

function noEnvironment(cause: unknown): AppError {
  return new AppError({
    code: 'INVALID_INPUT',
    operation: 'make a backup',
    message: 'There is no file .env to take along: this app has its settings from elsewhere. Nothing was written.',
    hint: 'Leave .env out, and keep those settings safe where they are made; the recovery kit has CV_ENCRYPTION_KEY.',
    cause,
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
