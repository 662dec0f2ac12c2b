import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { isFenceError, readFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { createTestBackupSetup, insertCvsIntoSqlite, type TestCv, writeCvs } from '@/tests/support/backup-source'
import { createCvsiteDatabase, createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { listBackups } from './backup-catalogue'
import type { BackupView } from './backup-view'
import { saveKeyPolicy } from './key-policy'
import { type BackupSetup, makeBackup } from './make-backup'
import { previewRestore, restoreBackup } from './restore-backup'
import type { RestoreParts } from './restore-plan'

const never = new AbortController().signal
const ignore = () => undefined

let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup
let cvs: readonly TestCv[]
/** Stands for the app: open all along. */
let app: SqliteDatabase

beforeEach(async () => {
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'))
  setup = createTestBackupSetup(database.folder, store, database.path)
  cvs = await writeCvs(setup.files.folder, 4)
  insertCvsIntoSqlite(database.path, cvs)
  app = openSqlite(database.path)
  app.pragma('journal_mode = WAL')
})
afterEach(async () => {
  app.close()
  await store.close()
  await database.remove()
})

const make = (): Promise<BackupView> =>
  makeBackup(setup, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', trial: false }, ignore, never)

const restore = (id: string, parts: RestoreParts = 'all', report: (event: ProgressEvent) => void = ignore, signal = never) =>
  restoreBackup(setup, { id, parts, requestedBy: 'admin', jobId: null, holder: 'test' }, report, signal)

const titles = () => app.prepare<[], string>('SELECT title FROM "CvFile" ORDER BY id').pluck().all()
const change = (title: string) => app.prepare('UPDATE "CvFile" SET title = ?').run(title)
const fileOf = (cv: TestCv | undefined) => join(setup.files.folder, cv?.storagePath ?? '')

describe('restoring a backup into the app that runs', () => {
  it('shows what will change, brings rows and files back under open connections, and can be undone', async () => {
    const backup = await make()
    change('changed since')
    app.prepare(`DELETE FROM "CvFile" WHERE id = 'c0'`).run()
    await rm(fileOf(cvs[0]))
    const preview = await previewRestore(setup, backup.id, never)
    expect(preview.tables).toContainEqual({ table: 'CvFile', archiveRows: 4, presentRows: 3 })
    expect(preview).toMatchObject({ fileKeyMatches: true, keyKnown: true, schemaMigrationsDue: [] })
    const phases: string[] = []
    const result = await restore(backup.id, 'all', (event) => {
      if (event.type === 'phase' && event.status === 'succeeded') phases.push(event.phase)
    })
    expect(phases).toEqual(['staging', 'waiting', 'safety', 'switching'])
    expect(titles()).toEqual(['CV', 'CV', 'CV', 'CV'])
    expect(result.filesPutBack).toBe(1)
    expect((await readFile(fileOf(cvs[0]))).length).toBeGreaterThan(0)
    change('the app writes again')
    await restore(result.safetyBackupId)
    expect(titles()).toEqual(['changed since', 'changed since', 'changed since'])
    expect((await readdir(setup.folder)).filter((name) => !name.endsWith('.tar.gz'))).toEqual([])
  })

  it('keeps writers out from the safety backup to the switch', async () => {
    const backup = await make()
    let refused: unknown
    await restore(backup.id, 'all', (event) => {
      if (event.type !== 'phase' || event.phase !== 'safety' || event.status !== 'started') return
      try {
        change('lost')
      } catch (error) {
        refused = error
      }
    })
    expect(isFenceError(refused)).toBe(true)
    expect(readFence(app)).toBeNull()
    change('taken')
  })

  it('only the database, or only files that are missing or damaged', async () => {
    const backup = await make()
    change('changed since')
    await writeFile(fileOf(cvs[1]), 'scrambled')
    expect((await restore(backup.id, 'files')).filesPutBack).toBe(1)
    expect(titles()[0]).toBe('changed since')
    await rm(fileOf(cvs[2]))
    expect((await restore(backup.id, 'database')).filesPutBack).toBe(0)
    expect(titles()[0]).toBe('CV')
  })

  it('from an encrypted archive, with the key that this server keeps', async () => {
    await saveKeyPolicy(store, { kind: 'passphrase', passphrase: 'four words in a row' }, setup.master, 'admin')
    const backup = await make()
    change('changed since')
    await restore(backup.id)
    expect(titles()[0]).toBe('CV')
  })

  it('brings an older schema up to today’s, aside, before anything live is touched', async () => {
    const backup = await make()
    // The app as it will be: one schema migration more.
    const root = join(database.folder, 'newer-app')
    await cp(join(setup.root, 'prisma/migrations'), join(root, 'prisma/migrations'), { recursive: true })
    await mkdir(join(root, 'prisma/migrations/20990101000000_later'))
    await writeFile(join(root, 'prisma/migrations/20990101000000_later/migration.sql'), 'ALTER TABLE "User" ADD COLUMN "later" TEXT;\n')
    const newer = { ...setup, root }
    expect((await previewRestore(newer, backup.id, never)).schemaMigrationsDue).toEqual(['20990101000000_later'])
    const options = { id: backup.id, parts: 'all', requestedBy: 'admin', jobId: null, holder: 'test' } as const
    await restoreBackup(newer, options, ignore, never)
    expect(app.prepare('SELECT later FROM "User"').pluck().all()).toEqual([null])
    expect(titles()).toHaveLength(4)
  })

  it('refuses a schema that cannot be brought up, with the live data as it was', async () => {
    await using strange = await createSqliteDatabase('CREATE TABLE "User" (id TEXT PRIMARY KEY)')
    const before = { ...setup, source: async () => ({ engine: 'sqlite', path: strange.path }) as const }
    const backup = await makeBackup(
      before,
      { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', trial: false },
      ignore,
      never,
    )
    await expect(restore(backup.id)).rejects.toThrow()
    expect([readFence(app), titles().length]).toEqual([null, 4])
  })
})

describe('what is refused leaves everything as it was', () => {
  it.each(['staging', 'waiting', 'safety'])('cancelled in %s', async (phase) => {
    const backup = await make()
    change('changed since')
    const stop = new AbortController()
    const cancel = (event: ProgressEvent) => {
      if (event.type === 'phase' && event.phase === phase && event.status === 'started')
        stop.abort(new AppError({ code: 'CANCELLED', message: 'cancelled' }))
    }
    await expect(restore(backup.id, 'all', cancel, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(titles()[0]).toBe('changed since')
    expect(readFence(app)).toBeNull()
    change('the app writes')
  })

  it('a damaged archive, one of a newer app, one whose files have another key', async () => {
    const backup = await make()
    const other = { ...setup, files: { ...setup.files, key: Buffer.alloc(32, 9) } }
    const options = { id: backup.id, parts: 'all', requestedBy: 'admin', jobId: null, holder: 'test' } as const
    await expect(restoreBackup(other, options, ignore, never)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    const path = join(setup.folder, backup.fileName ?? '')
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length - 1000))
    await expect(restore(backup.id)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
    app
      .prepare(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ('z', 'z', '99990101000000_future', 0, 1, 1)`,
      )
      .run()
    const newer = await make()
    expect((await previewRestore(setup, newer.id, never)).unknownMigration).not.toBeNull()
    await expect(restore(newer.id)).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('newer') })
    expect((await listBackups(setup)).every(({ origin }) => origin !== 'safety')).toBe(true)
  })
})
