import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { identityToRecipient } from 'age-encryption'
import { appendAudit } from '@/lib/control/audit'
import { type LeaseRequest, withLease } from '@/lib/control/lease'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { archiveFileName, newBackupId, workFolderName } from '../archive-name'
import { type BackupRequest, getBackup, listBackups, noteWritten } from '../backup-catalogue'
import type { ArchiveEncryption, BackupView } from '../backup-view'
import { type ByteProgress, createByteProgress } from '../byte-progress'
import { digestOfStream } from '../destinations/digest-stream'
import { openCopy } from '../destinations/open-archive'
import { noKeys, type OpeningKeys } from '../encryption'
import { ownPassphrases } from '../key-policy'
import { type BackupSetup, backupsLease } from '../make-backup'
import { type Manifest, summarise } from '../manifest'
import { refused } from '../member-names'
import { isEncrypted, readArchive } from '../read-archive'
import { requireSpace } from '../require-space'
import { type PhaseOutcome, runPhase } from '../run-phases'
import { requireKey } from '../trial-backup'
import { toArchiveError } from '../write-archive'
import { getUpload, quarantinedArchive, removeUpload } from './quarantine'

/** Where an archive from elsewhere comes from: it was uploaded, or it lies at a destination of ours. */
export type ArchiveOrigin =
  | { readonly kind: 'upload'; readonly uploadId: string }
  | { readonly kind: 'destination'; readonly destinationId: string; readonly key: string }

export interface ImportOptions {
  readonly origin: ArchiveOrigin
  /** Keys that somebody gave; tried beside all that this server has. */
  readonly keys: OpeningKeys
  readonly requestedBy: string
  readonly jobId: string | null
  readonly holder: string
}

export interface Imported {
  readonly backup: BackupView
  /** foreign: new here and not trusted. returned: the lost file of a backup that is listed. known: it is here already. */
  readonly outcome: 'foreign' | 'returned' | 'known'
}

export const importPhases = ['receiving', 'checking'] as const

/**
 * Takes an archive from elsewhere into the list, after all of it was checked: it opens with a key, has the form of ours, and
 * every member has its sum. Nothing of it is unpacked. It is marked foreign: nothing is restored from it before an
 * administrator says that it may. An archive whose sum is that of a listed backup is that backup, and needs no such word.
 *
 * @throws AppError BACKUP_KEY_WRONG (the upload stays, to be checked with another key), BACKUP_DAMAGED and BACKUP_REFUSED (it
 *   is thrown away), LEASE_HELD, NOT_FOUND, LOCAL_DISK_FULL, DESTINATION_FAILED, CANCELLED
 */
export async function importArchive(setup: BackupSetup, options: ImportOptions, report: Report, signal: AbortSignal): Promise<Imported> {
  const lease: LeaseRequest = { name: backupsLease, holder: options.holder, purpose: 'check of an archive from elsewhere' }
  return withLease(setup.store, lease, signal, async (held) => {
    const { origin } = options
    report({ type: 'plan', phases: origin.kind === 'upload' ? ['checking'] : [...importPhases] })
    if (origin.kind === 'upload') {
      const upload = await getUpload(setup.folder, origin.uploadId)
      if (upload.receivedBytes !== upload.sizeBytes) throw unfinished(upload.receivedBytes, upload.sizeBytes)
      try {
        const imported = await take(setup, options, quarantinedArchive(setup.folder, upload.id), report, held)
        await removeUpload(setup.folder, upload.id)
        return imported
      } catch (error) {
        // What is no archive of ours is not kept; a wrong key, a full disk and a cancel say nothing against it.
        if (['BACKUP_DAMAGED', 'BACKUP_REFUSED'].includes(reportError(error).code)) await removeUpload(setup.folder, upload.id)
        throw error
      }
    }
    const work = join(setup.folder, workFolderName(`import-${origin.key.replace(/[^a-z0-9-]/g, '')}`))
    try {
      const path = await receive(setup, origin, work, report, held)
      return await take(setup, options, path, report, held)
    } catch (error) {
      throw toArchiveError(error, setup.folder, held)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
}

/** Says that an archive from elsewhere may be used. @throws AppError NOT_FOUND */
export async function trustBackup({ store }: Pick<BackupSetup, 'store'>, id: string, actor: string): Promise<void> {
  const at = store.clock.now()
  await store.write(async (transaction) => {
    const { count } = await transaction.backup.updateMany({ where: { id, status: 'written', foreign: true }, data: { foreign: false } })
    if (count !== 1)
      throw new AppError({ code: 'NOT_FOUND', operation: 'trust an archive', subject: id, message: 'There is no such archive to trust.' })
    await appendAudit(transaction, at, { actor, action: 'backup.trusted', subject: id })
  })
}

/** Brings an archive from a destination to this disk, into a work folder. */
async function receive(
  setup: BackupSetup,
  { destinationId, key }: Extract<ArchiveOrigin, { kind: 'destination' }>,
  work: string,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  return runPhase('receiving', report, signal, async () => {
    const copy = await openCopy(setup, destinationId, key, signal)
    try {
      await mkdir(work, { recursive: true, mode: 0o700 })
      await requireSpace(work, copy.sizeBytes)
      const progress = createByteProgress('receiving', copy.sizeBytes, report)
      const path = join(work, 'archive')
      await pipeline(await copy.open(signal), meter(progress), createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }), {
        signal,
      })
      progress.finish()
      return { result: path, facts: { sizeBytes: copy.sizeBytes } }
    } finally {
      copy.close()
    }
  })
}

async function take(setup: BackupSetup, options: ImportOptions, path: string, report: Report, signal: AbortSignal): Promise<Imported> {
  return runPhase('checking', report, signal, async (): Promise<PhaseOutcome<Imported>> => {
    const sizeBytes = (await stat(path)).size
    // Read twice: its sum says whether it is one of ours, before anything in it is looked at.
    const progress = createByteProgress('checking', sizeBytes * 2, report)
    const counted = createReadStream(path, { highWaterMark: 256 * 1024 }).pipe(meter(progress))
    const sha256 = await digestOfStream(counted, signal)
    const same = (await listBackups(setup, 20_000)).find((backup) => backup.status === 'written' && backup.sha256 === sha256)
    if (same?.present) return { result: { backup: same, outcome: 'known' }, facts: { known: true } }
    const { keys, encryption } = await findKey(setup, path, options.keys, signal)
    const manifest = await readArchive({
      path,
      keys,
      sha256,
      open: async (found) => {
        requirePlainWords(found)
        return () => null
      },
      onProgress: (bytes) => progress.update(sizeBytes + bytes),
      signal,
    })
    progress.finish()
    if (same?.fileName) {
      await rename(path, join(setup.folder, same.fileName))
      return { result: { backup: await getBackup(setup, same.id), outcome: 'returned' }, facts: { known: true } }
    }
    const now = setup.store.clock.now()
    const made = new Date(manifest.createdAt)
    const request: BackupRequest = {
      id: newBackupId(now),
      origin: 'upload',
      // What its manifest says; but nothing is younger than now.
      createdAt: made < now ? made : now,
      requestedBy: options.requestedBy,
      jobId: options.jobId,
      engine: manifest.database.engine,
      encryption,
    }
    const fileName = archiveFileName(request.id, encryption.kind !== 'none')
    const target = join(setup.folder, fileName)
    await rename(path, target)
    try {
      await noteWritten(setup, request, { fileName, sizeBytes, sha256, manifest: summarise(manifest) }, true)
    } catch (error) {
      await rename(target, path)
      throw error
    }
    return {
      result: { backup: await getBackup(setup, request.id), outcome: 'foreign' },
      facts: { tables: manifest.database.tables.length },
    }
  })
}

/** What is shown of an archive from elsewhere could pass for something else, on a page or in a terminal. @throws AppError BACKUP_REFUSED */
function requirePlainWords({ id, createdBy, app, database, files }: Manifest): void {
  const shown = [
    id,
    createdBy,
    app.name,
    app.version,
    database.version,
    database.reason,
    database.schema ?? '',
    files.keyFingerprint,
    ...database.schemaMigrations,
    ...database.leftOut,
    ...database.tables.map(({ table }) => table),
    ...files.problems.flatMap(({ path, fault }) => [path, fault]),
  ]
  if (shown.some((text) => text.length > 1_000 || /[\p{Cc}\p{Bidi_Control}]/u.test(text)))
    throw refused('Its manifest holds words that no backup contains.')
}

/** The first key that opens it, and what the catalogue notes of it. @throws AppError BACKUP_KEY_WRONG */
async function findKey(
  { store, master }: BackupSetup,
  path: string,
  given: OpeningKeys,
  signal: AbortSignal,
): Promise<{ keys: OpeningKeys; encryption: ArchiveEncryption }> {
  if (!(await isEncrypted(path, signal))) return { keys: noKeys, encryption: { kind: 'none' } }
  const opens = async (keys: OpeningKeys) => {
    try {
      await requireKey(path, keys, signal)
      return true
    } catch (error) {
      if (reportError(error).code === 'BACKUP_KEY_WRONG') return false
      throw error
    }
  }
  for (const { id, passphrase } of await ownPassphrases(store, master)) {
    const keys = { passphrases: [passphrase], identities: [] }
    if (await opens(keys)) return { keys, encryption: { kind: 'passphrase', keyId: id } }
  }
  for (const passphrase of given.passphrases) {
    const keys = { passphrases: [passphrase], identities: [] }
    if (await opens(keys)) return { keys, encryption: { kind: 'passphrase', keyId: null } }
  }
  for (const identity of given.identities) {
    const keys = { passphrases: [], identities: [identity] }
    if (await opens(keys)) return { keys, encryption: { kind: 'recipients', recipients: [await identityToRecipient(identity)] } }
  }
  throw new AppError({
    code: 'BACKUP_KEY_WRONG',
    operation: 'open an archive from elsewhere',
    message: 'The archive is encrypted, and neither a key of this server nor the one that was given opens it.',
    hint: 'Give the passphrase or the private key from the recovery kit of the server that made it.',
  })
}

function meter(progress: ByteProgress): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      progress.update(bytes)
      done(null, chunk)
    },
  })
}

function unfinished(received: number, announced: number): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'check an archive from elsewhere',
    message: `The upload is not finished: ${received} of ${announced} bytes are here.`,
    hint: 'Go on with the upload, or remove it.',
  })
}
