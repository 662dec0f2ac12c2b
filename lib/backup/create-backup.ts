import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { prepareSalt } from './age-scrypt'
import { archiveFileName, workFolderName } from './archive-name'
import { backupPhases, type Trial } from './backup-view'
import { createByteProgress } from './byte-progress'
import { collectFiles, measureMember } from './collect-files'
import type { BackupSource, DatabaseSnapshot, FileRowQueries, PostgresFormat } from './database-snapshot'
import { type EncryptionKey, noKeys, type OpeningKeys } from './encryption'
import { environmentName, formatVersion, type Manifest, type ManifestSummary } from './manifest'
import { requireSpace } from './require-space'
import { runPhase } from './run-phases'
import { snapshotPostgres } from './snapshot-postgres'
import { snapshotSqlite } from './snapshot-sqlite'
import { hasFileRow, tryPostgresIn } from './source-access'
import { tryRestore } from './try-restore'
import { type SourceMember, toArchiveError, type WrittenArchive, writeArchive } from './write-archive'

export interface CreateBackupOptions {
  readonly id: string
  /** Folder of the archives. */
  readonly folder: string
  readonly source: BackupSource
  /** What PostgreSQL is dumped with. Default: auto. */
  readonly format?: PostgresFormat
  readonly files: { readonly folder: string; readonly key: Buffer; readonly keyFingerprint: string; readonly rows: FileRowQueries }
  /** Path of `.env` to take along; null: not. Only with encryption. */
  readonly environmentFile: string | null
  readonly encryption: EncryptionKey | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly app: { readonly name: string; readonly version: string }
  /** Whether it is restored for a trial at the end. Default: true. */
  readonly trial?: boolean
  /** PostgreSQL: called when the snapshot stands and before anything is read from it. */
  readonly onSnapshot?: () => Promise<void>
  /** Called when the archive is whole and on the disk, before the trial: from here it may be listed. */
  readonly onWritten: (written: WrittenBackup) => Promise<void>
}

export interface WrittenBackup extends WrittenArchive {
  readonly fileName: string
  readonly manifest: ManifestSummary
}

export interface CreatedBackup extends WrittenBackup {
  /** Null when none was wanted. */
  readonly trial: Trial | null
}

/** How often a snapshot is taken anew because a file was deleted right after it. */
const attempts = 4

/**
 * Makes one archive of the database, the files that its rows name and, when asked for, `.env`, all of one moment, and
 * restores it for a trial:
 *
 *   snapshot ─> files checked ─> archive.part ─> archive ─> trial restore
 *
 * Everything unfinished lies in one work folder and one `.part` file, which are removed whatever happens; a process that was
 * killed leaves them to `sweepFolder`. Call it under the backups' lease.
 *
 * @throws AppError LOCAL_DISK_FULL, SOURCE_*, TARGET_*, DUMP_FAILED, BACKUP_KEY_WRONG, CANCELLED; no archive is there then
 */
export async function createBackup(options: CreateBackupOptions, report: Report, signal: AbortSignal): Promise<CreatedBackup> {
  const started = performance.now()
  const work = join(options.folder, workFolderName(options.id))
  const fileName = archiveFileName(options.id, options.encryption !== null)
  const path = join(options.folder, fileName)
  report({ type: 'plan', phases: backupPhases.filter((phase) => phase !== 'trial' || options.trial !== false) })
  const ephemeral = await trialKeys(options.encryption)
  try {
    await mkdir(work, { recursive: true, mode: 0o700 })
    const { snapshot, files } = await takeAll(options, work, report, signal)
    const written = await runPhase('archive', report, signal, async () => {
      const database: SourceMember[] = []
      for (const { name, path: from } of snapshot.members) database.push(await measureMember(name, from, signal))
      const environment = options.environmentFile === null ? [] : [await measureMember(environmentName, options.environmentFile, signal)]
      const members = [...database, ...environment, ...files.members]
      const totalBytes = members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const filesBytes = files.members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const manifest: Omit<Manifest, 'members'> = {
        format: 'bascule-backup',
        formatVersion,
        id: options.id,
        createdAt: options.createdAt.toISOString(),
        createdBy: options.createdBy,
        elapsedMs: performance.now() - started,
        app: options.app,
        database: snapshot.database,
        files: {
          count: files.members.length,
          sizeBytes: filesBytes,
          keyFingerprint: options.files.keyFingerprint,
          problems: files.problems.slice(0, 100),
          problemCount: files.problems.length,
        },
        environment: environment.length > 0,
      }
      const progress = createByteProgress('archive', totalBytes, report)
      const archive = await writeArchive({ path, manifest, members, encryption: ephemeral.encryption, onProgress: progress.update, signal })
      progress.finish()
      const result = { ...archive, fileName, manifest }
      return { result, facts: { file: fileName, sizeBytes: archive.sizeBytes, encrypted: options.encryption !== null } }
    })
    await options.onWritten(written)
    // The trial needs the room of the snapshot once more, and not both.
    await rm(work, { recursive: true, force: true })
    const trial = options.trial === false ? null : await tryArchive(options, path, written, ephemeral.keys, report, signal)
    return { ...written, trial }
  } catch (error) {
    await rm(path, { force: true })
    throw toArchiveError(error, options.folder, signal)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Database first, then every file that its rows name; anew when a file went in between. */
async function takeAll(options: CreateBackupOptions, work: string, report: Report, signal: AbortSignal) {
  for (let attempt = 1; ; attempt += 1) {
    const folder = join(work, `attempt-${attempt}`)
    await mkdir(folder)
    const snapshot = await runPhase('snapshot', report, signal, () => takeDatabase(options, folder, report, signal))
    if (snapshot.database.leftOut.length > 0) {
      report({ type: 'log', level: 'warn', message: `Not in the backup: ${snapshot.database.leftOut.join(', ')}.` })
    }
    try {
      const files = await runPhase('stored-files', report, signal, async () => {
        const to = join(folder, 'files')
        const progress = createByteProgress('stored-files', null, report)
        const { rows, ...place } = options.files
        const hasRow = (storagePath: string) => hasFileRow(options.source, rows, storagePath, signal)
        const collect = { from: place.folder, to, rows: snapshot.fileRows, key: place.key, hasRow, onProgress: progress.update, signal }
        const result = await collectFiles(collect)
        progress.finish()
        return { result, facts: { files: result.members.length, problems: result.problems.length } }
      })
      for (const { path, fault } of files.problems.slice(0, 100)) {
        report({ type: 'log', level: 'warn', message: `The file ${path} is not sound (${fault}); the backup is made all the same.` })
      }
      return { snapshot, files }
    } catch (error) {
      if (reportError(error).code !== 'SOURCE_CHANGED' || attempt >= attempts) throw error
      report({ type: 'log', level: 'info', message: 'A file was deleted meanwhile; the snapshot is taken anew.' })
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function takeDatabase(options: CreateBackupOptions, folder: string, report: Report, signal: AbortSignal) {
  const { source } = options
  const fileRows = options.files.rows
  let result: DatabaseSnapshot
  if (source.engine === 'sqlite') {
    const sizeBytes = (await stat(source.path).catch(() => null))?.size ?? null
    await requireSpace(options.folder, sizeBytes ?? 0)
    const progress = createByteProgress('snapshot', sizeBytes, report)
    result = await snapshotSqlite({ path: source.path, folder, fileRows, onProgress: progress.update, signal })
    progress.finish()
  } else {
    const progress = createByteProgress('snapshot', null, report)
    const format = options.format ?? 'auto'
    const moment = options.onSnapshot === undefined ? {} : { onSnapshot: options.onSnapshot }
    result = await snapshotPostgres({ url: source.url, format, folder, fileRows, onProgress: progress.update, signal, ...moment })
    progress.finish()
    report({ type: 'log', level: 'info', message: result.database.reason })
  }
  const rows = result.database.tables.reduce((sum, table) => sum + table.rows, 0)
  return { result, facts: { format: result.database.format, tables: result.database.tables.length, rows } }
}

/** @throws AppError only when the trial itself could not go on; a backup that does not pass is an answer */
async function tryArchive(
  options: CreateBackupOptions,
  path: string,
  { sizeBytes, sha256 }: WrittenArchive,
  keys: OpeningKeys,
  report: Report,
  signal: AbortSignal,
): Promise<Trial> {
  return runPhase('trial', report, signal, async () => {
    const folder = join(options.folder, workFolderName(options.id), 'trial')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const progress = createByteProgress('trial', sizeBytes, report)
    const tryPostgres = tryPostgresIn(options.source, undefined, false)
    const result = await tryRestore({
      path,
      sha256,
      keys,
      fileKey: options.files.key,
      folder,
      tryPostgres,
      onProgress: progress.update,
      signal,
    })
    progress.finish()
    if (result.status !== 'passed')
      report({ type: 'log', level: result.status === 'failed' ? 'error' : 'warn', message: result.problem ?? '' })
    const { place, tables, rows, filesOpened } = result
    return { result, facts: { passed: result.status === 'passed', place, tables, rows, filesOpened } }
  })
}

/**
 * Keys for the trial. Public keys only encrypt: one more recipient is added whose private key lives in this process until
 * the trial is over and is written nowhere, so that what is tried is the very archive on the disk.
 */
async function trialKeys(encryption: EncryptionKey | null): Promise<{ encryption: EncryptionKey | null; keys: OpeningKeys }> {
  if (encryption === null) return { encryption, keys: noKeys }
  if (encryption.kind === 'passphrase') {
    const salt = await prepareSalt(encryption.passphrase)
    return { encryption: { ...encryption, salt }, keys: { passphrases: [encryption.passphrase], identities: [] } }
  }
  const identity = await generateX25519Identity()
  const recipients = [...encryption.recipients, await identityToRecipient(identity)]
  return { encryption: { kind: 'recipients', recipients }, keys: { passphrases: [], identities: [identity] } }
}
