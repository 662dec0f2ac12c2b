import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { keyFingerprint } from '@/lib/cv/cv-format'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { replaceContent } from '@/lib/sqlite/replace-content'
import { workFolderName } from './archive-name'
import { archivePath, getBackup } from './backup-catalogue'
import { createByteProgress } from './byte-progress'
import type { BackupSource } from './database-snapshot'
import { noKeys, type OpeningKeys } from './encryption'
import { keysFor } from './key-policy'
import { type BackupSetup, makeBackup } from './make-backup'
import { filesPrefix, type Manifest } from './manifest'
import { putFilesBack } from './put-files-back'
import { readArchive } from './read-archive'
import { planRestore, type RestoreParts, type RestorePreview, restorePhases } from './restore-plan'
import { runPhase } from './run-phases'
import { countSqliteTables, requireIntegrity, sqliteMember } from './snapshot-sqlite'
import { requireEqualCounts, writeMember } from './try-restore'

export interface RestoreOptions {
  readonly id: string
  readonly parts: RestoreParts
  /** Keys that somebody gave; tried beside those of this server. Default: none. */
  readonly keys?: OpeningKeys
  readonly requestedBy: string
  readonly jobId: string | null
  readonly holder: string
}

export interface RestoreResult {
  readonly backupId: string
  /** The backup of the moment before: restoring it undoes this restore. */
  readonly safetyBackupId: string
  readonly filesPutBack: number
}

/** Said to whoever tries to write meanwhile. */
const fenceReason = 'A backup is being restored; the app is read-only for a moment.'

/** What restoring a backup would change, compared with now. @throws AppError NOT_FOUND, STATE_CONFLICT with the reason */
export async function previewRestore(setup: BackupSetup, id: string, signal: AbortSignal): Promise<RestorePreview> {
  const backup = await getBackup(setup, id)
  const source = await setup.source()
  const present = source.engine === 'sqlite' ? await countPresent(source.path, signal) : []
  const knownMigrations = await listSchemaMigrations(join(/*turbopackIgnore: true*/ setup.root, 'prisma/migrations'))
  return planRestore({ backup, engine: source.engine, present, knownMigrations, keyFingerprint: keyFingerprint(setup.files.key) })
}

/**
 * Restores a backup into the app that runs. Call it under the databases' lease.
 *
 *   staged aside, checked, counted, brought to today's schema ─> app read-only ─> safety backup ─> files added ─> content switched
 *
 * Until the switch the live data is as it was; the switch of the database is one transaction of SQLite, seen by every process
 * at once and undone by itself when we are killed. Files never change once written, so adding the archive's beside the
 * present ones harms nobody; those without a row stay until the folder is tidied. The safety backup undoes the restore.
 *
 * @throws AppError STATE_CONFLICT, BACKUP_*, COUNTS_DIFFER, LOCAL_DISK_FULL, CANCELLED; the live data is as before
 */
export async function restoreBackup(
  setup: BackupSetup,
  options: RestoreOptions,
  report: Report,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const preview = await previewRestore(setup, options.id, signal)
  if (!preview.fileKeyMatches && options.parts !== 'database') throw otherFileKey()
  const live = requireSqlite(await setup.source())
  report({ type: 'plan', phases: [...restorePhases] })
  const work = join(setup.folder, workFolderName(`restore-${options.id}`))
  try {
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true, mode: 0o700 })
    const manifest = await runPhase('staging', report, signal, async () => {
      const staged = await stage(setup, options, work, report, signal)
      return { result: staged, facts: { tables: staged.database.tables.length, files: staged.files.count } }
    })
    await runPhase('waiting', report, signal, async () => ({ result: withDatabase(live, (db) => raiseFence(db, fenceReason)) }))
    try {
      const safetyBackupId = await runPhase('safety', report, signal, async () => {
        const { requestedBy, jobId, holder } = options
        const wish = { origin: 'safety', requestedBy, jobId, holder, trial: false } as const
        const safety = await makeBackup({ ...setup, sweep: false }, wish, () => undefined, signal)
        return { result: safety.id, facts: { file: safety.fileName ?? '' } }
      })
      const filesPutBack = await runPhase('switching', report, signal, async () => {
        const put =
          options.parts === 'database' ? 0 : await putFilesBack({ from: join(work, filesPrefix), to: setup.files.folder, manifest, signal })
        if (options.parts !== 'files') await replaceContent(join(work, sqliteMember), live)
        return { result: put, facts: { files: put } }
      })
      return { backupId: options.id, safetyBackupId, filesPutBack }
    } finally {
      // The restored content has none; what stayed as it was takes writes again.
      withDatabase(live, lowerFence)
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Unpacks, checks to the last byte, counts, and brings the database to today's schema; nothing live is touched. */
async function stage(setup: BackupSetup, options: RestoreOptions, work: string, report: Report, signal: AbortSignal): Promise<Manifest> {
  const backup = await getBackup(setup, options.id)
  const own = await keysFor(setup.store, backup.encryption, setup.master)
  const given = options.keys ?? noKeys
  const progress = createByteProgress('staging', backup.sizeBytes, report)
  const wanted = (name: string) => (name.startsWith(filesPrefix) ? options.parts !== 'database' : name.startsWith('database/'))
  const manifest = await readArchive({
    path: archivePath(setup, backup),
    keys: { passphrases: [...own.passphrases, ...given.passphrases], identities: [...own.identities, ...given.identities] },
    ...(backup.sha256 === null ? {} : { sha256: backup.sha256 }),
    open:
      async () =>
      ({ name }) =>
        wanted(name) ? writeMember(work, name) : null,
    onProgress: progress.update,
    signal,
  })
  progress.finish()
  const staged = join(work, sqliteMember)
  await requireIntegrity(staged, signal)
  requireEqualCounts(manifest.database.tables, await countPresent(staged, signal))
  const applied = await ensureSchema({ engine: 'sqlite', path: staged }, setup.root)
  if (applied.length > 0)
    report({ type: 'log', level: 'info', message: `Schema migrations applied to the restored database: ${applied.join(', ')}.` })
  return manifest
}

async function countPresent(path: string, signal: AbortSignal) {
  const db = openSqlite(path, { readonly: true })
  try {
    return await countSqliteTables(db, signal)
  } finally {
    db.close()
  }
}

function withDatabase<T>(path: string, use: (db: ReturnType<typeof openSqlite>) => T): T {
  const db = openSqlite(path)
  try {
    return use(db)
  } finally {
    db.close()
  }
}

function requireSqlite(source: BackupSource): string {
  if (source.engine === 'sqlite') return source.path
  throw new AppError({ code: 'STATE_CONFLICT', operation: 'restore a backup', message: 'The app runs on PostgreSQL.' })
}

function otherFileKey(): AppError {
  return new AppError({
    code: 'KEY_INVALID',
    operation: 'restore a backup',
    message: 'The files of this backup were encrypted with another CV_ENCRYPTION_KEY than the present one. Nothing was changed.',
    hint: 'Put the key of that time into .env and start again, or restore only the database.',
  })
}
