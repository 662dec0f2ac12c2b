import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { keyFingerprint } from '@/lib/cv/cv-format'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { withPostgres } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { openSqlite } from '@/lib/sqlite/open-database'
import { reserveSalt } from './age-scrypt'
import { workFolderName } from './archive-name'
import { getBackup } from './backup-catalogue'
import type { BackupView } from './backup-view'
import { createByteProgress } from './byte-progress'
import { openArchive } from './destinations/open-archive'
import { noKeys, type OpeningKeys } from './encryption'
import { keysFor, policyKey } from './key-policy'
import { type BackupSetup, makeBackup } from './make-backup'
import { filesPrefix, type Manifest } from './manifest'
import { putFilesBack } from './put-files-back'
import { readArchive } from './read-archive'
import { recoverRestore, replaceInPostgres } from './replace-in-postgres'
import { type Replaced, replaceInSqlite } from './replace-in-sqlite'
import { requireSpace } from './require-space'
import { planRestore, type RestoreParts, type RestorePreview, requireKnownSchema, restorePhases } from './restore-plan'
import { runPhase } from './run-phases'
import { countTables } from './snapshot-postgres'
import { countSqliteTables, requireIntegrity, sqliteMember } from './snapshot-sqlite'
import { stageInPostgres } from './stage-postgres'
import { stageInSqlite } from './stage-sqlite'
import { requireEqualCounts, writeMember } from './try-restore'
import { toArchiveError } from './write-archive'

export interface RestoreOptions {
  readonly id: string
  readonly parts: RestoreParts
  /** Keys that somebody gave; tried beside those of this server. Default: none. */
  readonly keys?: OpeningKeys
  readonly requestedBy: string
  readonly jobId: string | null
  readonly holder: string
  /** Id of the destination whose copy is to be restored. Default: the nearest there is. */
  readonly from?: string | null
}

export interface RestoreResult extends Replaced {
  readonly backupId: string
}

/** What restoring a backup would change, compared with now. @throws AppError NOT_FOUND, STATE_CONFLICT with the reason */
export async function previewRestore(setup: BackupSetup, id: string, signal: AbortSignal): Promise<RestorePreview> {
  const backup = await getBackup(setup, id)
  const source = await setup.source()
  const present = source.engine === 'sqlite' ? await countPresent(source.path, signal) : await countPostgres(source.url, signal)
  const history = backup.engine === 'sqlite' ? 'prisma/migrations' : 'prisma/postgresql/migrations'
  const knownMigrations = await listSchemaMigrations(join(/*turbopackIgnore: true*/ setup.root, history))
  return planRestore({ backup, engine: source.engine, present, knownMigrations, keyFingerprint: keyFingerprint(setup.files.key) })
}

/**
 * Restores a backup into the app that runs. Call it under the databases' lease.
 *
 *   staged aside, checked, counted, brought to today's schema ─> app read-only ─> safety backup ─> files added ─> content switched
 *
 * Until the switch the live data is as it was; the switch of the database is one transaction, seen by every process at once
 * and undone by itself when we are killed. Files never change once written, so adding the archive's beside the present
 * ones harms nobody; those without a row stay until the folder is tidied. The safety backup undoes the restore.
 *
 * @throws AppError STATE_CONFLICT, BACKUP_*, COUNTS_DIFFER, LOCAL_DISK_FULL, TARGET_*, CANCELLED; the live data is as before
 */
export async function restoreBackup(
  setup: BackupSetup,
  options: RestoreOptions,
  report: Report,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const preview = await previewRestore(setup, options.id, signal)
  requireKnownSchema(preview)
  if (!preview.fileKeyMatches && options.parts !== 'database') throw otherFileKey()
  const live = await setup.source()
  report({ type: 'plan', phases: [...restorePhases] })
  const work = join(setup.folder, workFolderName(`restore-${options.id}`))
  try {
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true, mode: 0o700 })
    const keyed = await policyKey(setup.store, setup.master)
    // The safety backup's key is derived now, and one that is not there is missed: later people wait.
    if (keyed?.key.kind === 'passphrase') await reserveSalt(keyed.key.passphrase)
    const manifest = await runPhase('staging', report, signal, async () => {
      const staged = await stage(setup, options, work, report, signal)
      if (options.parts !== 'files') {
        const foreign = (await getBackup(setup, options.id)).origin === 'upload'
        const parts = { setup, work, manifest: staged, foreign, report, signal }
        if (live.engine === 'postgresql') await stageInPostgres({ ...parts, url: live.url })
        else if (staged.database.engine === 'postgresql') await stageInSqlite(parts)
      }
      return { result: staged, facts: { tables: staged.database.tables.length, files: staged.files.count } }
    })
    const steps = {
      makeSafety: (onSnapshot?: () => Promise<void>) => makeSafety(setup, options, onSnapshot, signal),
      putFiles: async () => {
        const place = { from: join(work, filesPrefix), to: setup.files.folder, manifest, signal }
        return options.parts === 'database' ? 0 : putFilesBack(place)
      },
    }
    const done =
      live.engine === 'postgresql'
        ? await replaceInPostgres({ url: live.url, parts: options.parts, at: setup.store.clock.now(), ...steps }, report, signal)
        : await replaceInSqlite({ path: live.path, staged: join(work, sqliteMember), parts: options.parts, ...steps }, report, signal)
    return { backupId: options.id, ...done }
  } catch (error) {
    // On a connection of its own: the one at work may have been cut by a cancel. Unreachable, the worker's recovery does it.
    if (live.engine === 'postgresql') await recoverRestore(live.url).catch(() => undefined)
    throw toArchiveError(error, setup.folder, signal)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The backup of the moment before, made while nobody writes. Untested: it is made while people wait. */
async function makeSafety(
  setup: BackupSetup,
  { requestedBy, jobId, holder }: RestoreOptions,
  onSnapshot: (() => Promise<void>) | undefined,
  signal: AbortSignal,
): Promise<BackupView> {
  const wish = { origin: 'safety', requestedBy, jobId, holder, trial: false } as const
  return makeBackup({ ...setup, sweep: false }, { ...wish, ...(onSnapshot ? { onSnapshot } : {}) }, () => undefined, signal)
}

/** Unpacks, checks to the last byte, counts, and brings the database to today's schema; nothing live is touched. */
async function stage(setup: BackupSetup, options: RestoreOptions, work: string, report: Report, signal: AbortSignal): Promise<Manifest> {
  const backup = await getBackup(setup, options.id)
  const own = await keysFor(setup.store, backup.encryption, setup.master)
  const given = options.keys ?? noKeys
  const progress = createByteProgress('staging', backup.sizeBytes, report)
  const wanted = (name: string) =>
    name.startsWith(filesPrefix) ? options.parts !== 'database' : name.startsWith('database/') && options.parts !== 'files'
  const place = await openArchive(setup, backup, options.from ?? null, signal)
  const reading = readArchive({
    path: place,
    keys: { passphrases: [...own.passphrases, ...given.passphrases], identities: [...own.identities, ...given.identities] },
    ...(backup.sha256 === null ? {} : { sha256: backup.sha256 }),
    open: async ({ members }) => {
      const kept = members.filter(({ name }) => wanted(name))
      await requireSpace(
        setup.folder,
        kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      )
      return ({ name }) => (wanted(name) ? writeMember(work, name) : null)
    },
    onProgress: progress.update,
    signal,
  })
  const manifest = await reading.finally(() => {
    if (typeof place !== 'string') place.close()
  })
  progress.finish()
  if (manifest.database.engine === 'postgresql' || options.parts === 'files') return manifest
  const staged = join(work, sqliteMember)
  await requireIntegrity(staged, signal)
  requireEqualCounts(manifest.database.tables, await countPresent(staged, signal))
  const applied = await ensureSchema({ engine: 'sqlite', path: staged }, setup.root)
  if (applied.length > 0)
    report({ type: 'log', level: 'info', message: `Schema migrations applied to the restored database: ${applied.join(', ')}.` })
  return manifest
}

async function countPostgres(url: string, signal: AbortSignal) {
  return withPostgres(url, { applicationName: 'bascule preview', signal }, async (client) =>
    countTables(client, await readPostgresCatalogue(client, schemaOf(url))),
  )
}

async function countPresent(path: string, signal: AbortSignal) {
  const db = openSqlite(path, { readonly: true })
  try {
    return await countSqliteTables(db, signal)
  } finally {
    db.close()
  }
}

function otherFileKey(): AppError {
  return new AppError({
    code: 'KEY_INVALID',
    operation: 'restore a backup',
    message: 'The files of this backup were encrypted with another CV_ENCRYPTION_KEY than the present one. Nothing was changed.',
    hint: 'Put the key of that time into .env and start again, or restore only the database.',
  })
}
