import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { breakLease } from '@/lib/control/lease'
import { AppError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { armChangeLog, countChanges } from '@/lib/postgres/change-log'
import { writeMark } from '@/lib/postgres/copy-mark'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { isFenceError } from '@/lib/sqlite/fence'
import { createTestBackupSetup, insertCvsIntoPostgres, type TestCv, writeCvs } from '@/tests/support/backup-source'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { canMount, mountSmallDisk } from '@/tests/support/small-disk'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import type { PostgresFormat } from './database-snapshot'
import { noKeys } from './encryption'
import { type BackupSetup, makeBackup } from './make-backup'
import { recoverRestore } from './replace-in-postgres'
import { previewRestore, restoreBackup } from './restore-backup'
import type { RestoreParts } from './restore-plan'
import { trialBackup } from './trial-backup'

// Each restore makes databases of its own; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const never = new AbortController().signal
const ignore = () => undefined
const servers = inject('postgresServers')
// pg_dump writes custom and plain dumps of a server that is not newer than itself: of the one that came with it.
const systemServer = servers.find(({ url }) => url !== inject('embeddedPostgresUrl'))
const formats: readonly PostgresFormat[] = systemServer ? ['portable', 'custom', 'plain'] : ['portable']

let sqlite: TestSqliteDatabase
let database: TestPostgresDatabase
let store: ControlStore
let setup: BackupSetup
let cvs: readonly TestCv[]
/** Stands for the app: open all along. */
let app: pg.Client

async function prepare(server: { readonly url: string }): Promise<void> {
  sqlite = await createCvsiteDatabase()
  database = await createPostgresDatabase(server, { schema: 'cvsite' })
  store = await openControlStore(join(sqlite.folder, 'control.db'))
  setup = {
    ...createTestBackupSetup(sqlite.folder, store, sqlite.path),
    source: async () => ({ engine: 'postgresql', url: database.url }),
  }
  cvs = await writeCvs(setup.files.folder, 4)
  await insertCvsIntoPostgres(database.url, cvs)
  app = new pg.Client(database.url)
  await app.connect()
}
const server = () => ({ url: inject('embeddedPostgresUrl') })

afterEach(async () => {
  await app.end()
  await store.close()
  await database.drop()
  await sqlite.remove()
})

const make = (format: PostgresFormat = 'auto', from = setup) =>
  makeBackup(from, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', trial: false, format }, ignore, never)
const restore = (id: string, parts: RestoreParts = 'all', report: (event: ProgressEvent) => void = ignore, signal = never, to = setup) =>
  restoreBackup(to, { id, parts, requestedBy: 'admin', jobId: null, holder: 'test' }, report, signal)
const titles = async () => (await app.query<{ title: string }>('SELECT title FROM "CvFile" ORDER BY id')).rows.map(({ title }) => title)
const change = (title: string) => app.query('UPDATE "CvFile" SET title = $1', [title])
const schemas = async () =>
  (await app.query<{ name: string }>(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE '%restor%' ORDER BY 1`)).rows.map(
    ({ name }) => name,
  )

describe('restoring a PostgreSQL backup into the app that runs on PostgreSQL', () => {
  it.each(formats)('%s: shown beforehand, brought back under open connections, undone', async (format) => {
    await prepare(format === 'portable' || !systemServer ? server() : systemServer)
    await app.query('CREATE ROLE restore_reader').catch(ignore)
    await app.query('GRANT SELECT ON "CvFile" TO restore_reader')
    const backup = await make(format)
    expect(backup.format).toBe(format)
    await change('changed since')
    await app.query(`DELETE FROM "CvFile" WHERE id = 'c0'`)
    await rm(join(setup.files.folder, cvs[0]?.storagePath ?? ''))
    const preview = await previewRestore(setup, backup.id, never)
    expect(preview.tables).toContainEqual({ table: 'CvFile', archiveRows: 4, presentRows: 3 })
    expect(preview).toMatchObject({ archiveEngine: 'postgresql', presentEngine: 'postgresql', parts: ['all', 'database', 'files'] })
    const phases: string[] = []
    const result = await restore(backup.id, 'all', (event) => {
      if (event.type === 'phase' && event.status === 'succeeded') phases.push(event.phase)
    })
    expect(phases).toEqual(['staging', 'waiting', 'safety', 'switching'])
    expect(await titles()).toEqual(['CV', 'CV', 'CV', 'CV'])
    expect(result).toMatchObject({ filesPutBack: 1, setAside: expect.stringMatching(/^before_restore_\d{14}$/) })
    expect(await schemas()).toEqual([result.setAside])
    const rights = await app.query(`SELECT has_table_privilege('restore_reader', '"CvFile"', 'SELECT') AS may`)
    expect(rights.rows).toEqual([{ may: true }])
    await change('the app writes again')
    const undone = await restore(result.safetyBackupId)
    expect(await titles()).toEqual(['changed since', 'changed since', 'changed since'])
    expect(await schemas()).toEqual([undone.setAside])
    await change('and again')
    expect((await readdir(setup.folder)).filter((name) => !name.endsWith('.tar.gz'))).toEqual([])
  })

  it.each(formats)('%s: enums, identities and serials; by programs of PostgreSQL also views, functions and domains', async (format) => {
    await prepare(format === 'portable' || !systemServer ? server() : systemServer)
    await app.query(`
      CREATE TYPE mood AS ENUM ('calm', 'cross');
      CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood NOT NULL DEFAULT 'calm', n serial);
      INSERT INTO entry (mood) VALUES ('cross'), ('calm');
    `)
    if (format !== 'portable')
      await app.query(`
        CREATE DOMAIN short AS text CHECK (length(VALUE) < 10);
        CREATE FUNCTION moods() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.entry';
        CREATE VIEW crosses AS SELECT id, 'short'::short AS what, moods() AS all FROM entry WHERE mood = 'cross';
      `)
    const backup = await make(format)
    await app.query(`INSERT INTO entry (mood) VALUES ('cross')`)
    await restore(backup.id)
    expect((await app.query('INSERT INTO entry DEFAULT VALUES RETURNING id::int, mood, n')).rows).toEqual([{ id: 3, mood: 'calm', n: 3 }])
    if (format !== 'portable')
      expect((await app.query('SELECT id::int, what, "all"::int FROM crosses')).rows).toEqual([{ id: 1, what: 'short', all: 3 }])
  })
})

describe('an archive from elsewhere into an app whose role is a superuser', () => {
  const asForeign = (id: string) => store.write((transaction) => transaction.backup.update({ where: { id }, data: { origin: 'upload' } }))

  it.each(formats)('%s: tried and restored by an ordinary role; what could run programs later is refused', async (format) => {
    await prepare(format === 'portable' || !systemServer ? server() : systemServer)
    const sound = await make(format)
    await asForeign(sound.id)
    await change('changed since')
    expect((await trialBackup(setup, { id: sound.id, keys: noKeys, holder: 'test' }, ignore, never)).trial?.status).toBe('passed')
    await restore(sound.id)
    expect(await titles()).toEqual(['CV', 'CV', 'CV', 'CV'])
    await app.query(`ALTER TABLE "CvFile" ALTER COLUMN title SET DEFAULT pg_read_file('PG_VERSION')`)
    const hostile = await make(format)
    await asForeign(hostile.id)
    await app.query('ALTER TABLE "CvFile" ALTER COLUMN title DROP DEFAULT')
    await expect(restore(hostile.id)).rejects.toMatchObject({ code: 'BACKUP_REFUSED', message: expect.stringContaining('pg_read_file') })
    expect((await schemas()).filter((name) => !name.startsWith('before_restore_'))).toEqual([])
  })
})

describe('what a restore into PostgreSQL holds to', () => {
  beforeEach(() => prepare(server()))

  it('keeps writers out from the safety backup to the switch, and the safety backup holds no fence', async () => {
    const backup = await make()
    await change('changed since')
    let refused: unknown
    const tryToWrite = async () => {
      refused = await change('lost').then(
        () => null,
        (error: unknown) => error,
      )
    }
    let trying = Promise.resolve()
    const result = await restore(backup.id, 'all', (event) => {
      if (event.type === 'phase' && event.phase === 'safety' && event.status === 'succeeded') trying = tryToWrite()
    })
    await trying
    // Refused while the fence stood, or taken by the restored tables when the switch came first: never lost between.
    if (refused !== null) expect(isFenceError(refused)).toBe(true)
    await change('taken')
    const tried = await trialBackup(setup, { id: result.safetyBackupId, keys: noKeys, holder: 'test' }, ignore, never)
    expect(tried.trial).toMatchObject({ status: 'passed' })
  })

  it('only the database, or only files that are missing', async () => {
    const backup = await make()
    await change('changed since')
    const file = join(setup.files.folder, cvs[1]?.storagePath ?? '')
    await rm(file)
    expect(await restore(backup.id, 'files')).toMatchObject({ filesPutBack: 1, setAside: null })
    expect((await titles())[0]).toBe('changed since')
    await rm(file)
    expect((await restore(backup.id, 'database')).filesPutBack).toBe(0)
    expect((await titles())[0]).toBe('CV')
  })

  it('logs every row that it changes, so that a switch back to SQLite still knows what stays behind', async () => {
    const backup = await make()
    const mark = { jobId: 'j', targetSchema: 'public', createdSchema: false, tables: [], types: [], routines: [], recordChecksum: null }
    await writeMark(app, mark)
    await armChangeLog(app, await readPostgresCatalogue(app, 'public'), new Set([schemaMigrationsTable]))
    await app.query(`UPDATE "CvFile" SET title = 'changed since' WHERE id = 'c1'`)
    await app.query(`DELETE FROM "CvFile" WHERE id = 'c2'`)
    await app.query(`INSERT INTO "User" (id, email, "updatedAt") VALUES ('u9', 'u9@example.org', now())`)
    await restore(backup.id)
    // c1 and c2 are as they were at the switch, yet were written since; u9 came and went.
    expect(await countChanges(app)).toEqual([{ table: 'CvFile', inserted: 0, updated: 2, deleted: 0 }])
    await app.query(`DELETE FROM "CvFile" WHERE id = 'c3'`)
    expect(await countChanges(app)).toEqual([{ table: 'CvFile', inserted: 0, updated: 2, deleted: 1 }])
  })

  it('brings an older schema up to today’s in the scratch database; refuses a newer one', async () => {
    const backup = await make()
    await change('changed since')
    // The app as it will be: one schema migration more.
    const root = join(sqlite.folder, 'newer-app')
    const history = 'prisma/postgresql/migrations'
    await cp(join(setup.root, history), join(root, history), { recursive: true })
    await mkdir(join(root, history, '20990101000000_later'))
    await writeFile(join(root, history, '20990101000000_later/migration.sql'), 'ALTER TABLE "User" ADD COLUMN "later" TEXT;\n')
    const newer = { ...setup, root }
    expect((await previewRestore(newer, backup.id, never)).schemaMigrationsDue).toEqual(['20990101000000_later'])
    await restore(backup.id, 'all', ignore, never, newer)
    expect((await app.query('SELECT later FROM "User"')).rows).toEqual([{ later: null }])
    expect((await titles())[0]).toBe('CV')
    const ahead = await make()
    await expect(restore(ahead.id)).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('newer') })
  })

  it('a PostgreSQL backup on SQLite is offered whole; where no server can be had, nothing changes and its files are restored', async () => {
    const backup = await make()
    const startServer = async () => {
      throw new AppError({ code: 'TARGET_UNREACHABLE', message: 'No PostgreSQL could be started.' })
    }
    const onSqlite: BackupSetup = {
      ...setup,
      source: async () => ({ engine: 'sqlite', path: sqlite.path }),
      startServer,
      copyBack: () => expect.fail('nothing was loaded'),
    }
    expect((await previewRestore(onSqlite, backup.id, never)).parts).toEqual(['all', 'database', 'files'])
    await expect(restore(backup.id, 'database', ignore, never, onSqlite)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
    await rm(join(setup.files.folder, cvs[0]?.storagePath ?? ''))
    expect((await restore(backup.id, 'files', ignore, never, onSqlite)).filesPutBack).toBe(1)
  })

  it.each(['staging', 'waiting', 'safety', 'switching'])('cancelled in %s: everything as it was, the app writes', async (phase) => {
    const backup = await make()
    await change('changed since')
    const stop = new AbortController()
    const cancel = (event: ProgressEvent) => {
      if (event.type === 'phase' && event.phase === phase && event.status === 'started')
        stop.abort(new AppError({ code: 'CANCELLED', message: 'cancelled' }))
    }
    await expect(restore(backup.id, 'all', cancel, stop.signal)).rejects.toThrow()
    expect((await titles())[0]).toBe('changed since')
    expect(await schemas()).toEqual([])
    await change('the app writes')
    expect((await readdir(setup.folder)).filter((name) => name.startsWith('.work'))).toEqual([])
  })

  it.each(['staging', 'waiting', 'safety', 'switching'])(
    'killed in %s: recovery lets the app write, nothing is left',
    { timeout: 120_000 },
    async (phase) => {
      const backup = await make()
      await change('changed since')
      killIn(phase, backup.id)
      expect((await titles())[0]).toBe('changed since')
      await recoverRestore(database.url)
      await change('the app writes')
      expect(await schemas()).toEqual([])
      expect(await recoverRestore(database.url)).toBe(false)
      await breakLease(store, 'backups', 'killed process')
      await restore(backup.id)
      expect((await titles())[0]).toBe('CV')
    },
  )
})

// A disk of its own size needs root, as for SQLite.
it.runIf(canMount)('a full disk under the database while it is staged: everything as it was, the app writes', async () => {
  await prepare(server())
  const disk = await mountSmallDisk(100)
  const space = `small_${randomBytes(4).toString('hex')}`
  const name = new URL(database.url).pathname.slice(1)
  // Nobody may be connected to a database that moves.
  const moveTo = async (tablespace: string, sql = '') => {
    await app.end()
    await withPostgres(inject('embeddedPostgresUrl'), async (client) => {
      if (sql !== '') await client.query(sql)
      await client.query(`ALTER DATABASE "${name}" SET TABLESPACE ${tablespace}`)
    })
    app = new pg.Client(database.url)
    await app.connect()
  }
  try {
    await moveTo(space, `CREATE TABLESPACE ${space} LOCATION '${disk.path}'`)
    // Random bytes do not compress: what is staged needs as much again, and the disk has half of it.
    await app.query('CREATE TABLE noise (body bytea)')
    for (let index = 0; index < 10; index += 1) await app.query('INSERT INTO noise VALUES ($1)', [randomBytes(1024 * 1024)])
    const backup = await make()
    await change('changed since')
    await disk.fill(5)
    await expect(restore(backup.id)).rejects.toMatchObject({ code: 'TARGET_DISK_FULL', hint: expect.any(String) })
    expect([(await titles())[0], await schemas()]).toEqual(['changed since', []])
    await change('the app writes')
    expect((await readdir(setup.folder)).filter((entry) => entry.startsWith('.work'))).toEqual([])
  } finally {
    await moveTo('pg_default')
    await withPostgres(inject('embeddedPostgresUrl'), (client) => client.query(`DROP TABLESPACE ${space}`))
    await disk.remove()
  }
})

function killIn(phase: string, id: string): void {
  const run = spawnSync(
    process.execPath,
    [...programArguments('lib/backup/testing/killed-in-child.ts'), sqlite.folder, database.url, phase, id],
    { cwd: setup.root },
  )
  expect([phase, run.signal]).toEqual([phase, 'SIGKILL'])
}
