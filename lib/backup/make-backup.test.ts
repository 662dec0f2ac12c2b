import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { cvRowQueries } from '@/lib/cv/cv-rows'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { armChangeLog } from '@/lib/sqlite/change-log'
import { raiseFence, readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { insertCvsIntoPostgres, insertCvsIntoSqlite, type TestCv, writeCvs } from '@/tests/support/backup-source'
import { testCvKey } from '@/tests/support/cvsite-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { listBackups } from './backup-catalogue'
import type { PostgresFormat } from './database-snapshot'
import { noKeys } from './encryption'
import { generateKeyPair, keysFor, readKeyPolicy, saveKeyPolicy } from './key-policy'
import { type BackupSetup, deleteBackup, type MakeBackupOptions, makeBackup } from './make-backup'
import { readArchive } from './read-archive'
import { trialBackup } from './trial-backup'
import { writeMember } from './try-restore'

const never = new AbortController().signal
const ignore = () => undefined
const master = 'a secret of at least thirty-two characters'
const passphrase = 'four words in a row'

let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup
let cvs: readonly TestCv[]

beforeEach(async () => {
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'))
  const cvFolder = join(database.folder, 'cv_data')
  cvs = await writeCvs(cvFolder, 6)
  insertCvsIntoSqlite(database.path, cvs)
  await writeFile(join(database.folder, '.env'), 'SECRET=1\n')
  setup = {
    store,
    folder: join(database.folder, 'backups'),
    source: async () => ({ engine: 'sqlite', path: database.path }),
    files: { folder: cvFolder, key: testCvKey, rows: cvRowQueries },
    environmentPath: join(database.folder, '.env'),
    app: { name: 'test', version: '1.2.3' },
    master,
    root: join(import.meta.dirname, '../..'),
    addresses: { allowPrivate: true },
  }
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

const make = (options: Partial<MakeBackupOptions> = {}, signal = never, report: (event: ProgressEvent) => void = ignore) =>
  makeBackup(setup, { origin: 'manual', requestedBy: 'admin@example.org', jobId: null, holder: 'test', ...options }, report, signal)

const filesOf = async (folder: string) => (await readdir(folder).catch(() => [])).sort()

describe('a backup of SQLite', () => {
  it('holds database and files, was restored and counted, and says so', async () => {
    const events: ProgressEvent[] = []
    const backup = await make({}, never, (event) => events.push(event))
    expect(backup).toMatchObject({
      status: 'written',
      engine: 'sqlite',
      encryption: { kind: 'none' },
      keyKnown: true,
      present: true,
      trial: { status: 'passed', place: 'scratch file', filesOpened: 6, problem: null },
      manifest: { createdBy: 'admin@example.org', app: { version: '1.2.3' }, files: { count: 6, problemCount: 0 }, environment: false },
    })
    expect(backup.manifest?.database.schemaMigrations.length).toBeGreaterThan(0)
    expect(backup.manifest?.database.tables).toContainEqual({ table: 'CvFile', rows: 6 })
    expect(backup.trial?.tables).toBe(backup.manifest?.database.tables.length)
    expect(await filesOf(setup.folder)).toEqual([backup.fileName])
    expect(events[0]).toMatchObject({ type: 'plan', phases: ['snapshot', 'stored-files', 'archive', 'trial'] })
    const ended = events.flatMap((event) => (event.type === 'phase' && event.status === 'succeeded' ? [event.phase] : []))
    expect(ended).toEqual(['snapshot', 'stored-files', 'archive', 'trial'])
    expect(events.some((event) => event.type === 'progress' && event.phase === 'archive' && (event.bytesDone ?? 0) > 0)).toBe(true)
  })

  it('takes a file that is being migrated without fence and change log, so that what is restored takes writes and notes none', async () => {
    const db = openSqlite(database.path)
    armChangeLog(db, readSqliteCatalogue(db).tables)
    raiseFence(db, 'The app is being moved.')
    db.close()
    const backup = await make()
    const folder = join(database.folder, 'out')
    const open = async () => (member: { name: string }) => (member.name === 'database/app.db' ? writeMember(folder, member.name) : null)
    await readArchive({ path: join(setup.folder, backup.fileName ?? ''), keys: noKeys, open, onProgress: ignore, signal: never })
    const restored = openSqlite(join(folder, 'database/app.db'))
    expect(readFence(restored)).toBeNull()
    expect(restored.prepare(`SELECT name FROM sqlite_schema WHERE name LIKE '%bascule%'`).all()).toEqual([])
    restored.prepare('DELETE FROM "CvFile"').run()
    restored.close()
  })

  it('names files that are missing or damaged and is made all the same', async () => {
    const [first, second] = cvs as [TestCv, TestCv]
    await rm(join(setup.files.folder, first.storagePath))
    await writeFile(join(setup.files.folder, second.storagePath), 'scrambled')
    const { manifest, trial } = await make()
    expect(manifest?.files).toMatchObject({ count: 5, problemCount: 2 })
    expect(manifest?.files.problems).toEqual(
      expect.arrayContaining([
        { path: first.storagePath, fault: 'missing' },
        { path: second.storagePath, fault: 'not-a-cv' },
      ]),
    )
    expect(trial?.status).toBe('passed')
  })

  it('is encrypted by the policy, with .env in it only then, and cannot be read without the key', async () => {
    await expect(make({ includeEnvironment: true })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(make({ encrypt: true })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    expect(await filesOf(setup.folder)).toEqual([])
    await saveKeyPolicy(store, { kind: 'passphrase', passphrase }, master, 'admin')
    const elsewhere = { ...setup, environmentPath: join(setup.folder, 'no.env') }
    const wish = { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', includeEnvironment: true } as const
    await expect(makeBackup(elsewhere, wish, ignore, never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    const backup = await make({ includeEnvironment: true })
    expect(backup).toMatchObject({
      encryption: { kind: 'passphrase' },
      keyKnown: true,
      trial: { status: 'passed' },
      manifest: { environment: true },
    })
    expect(backup.fileName).toMatch(/\.tar\.gz\.age$/)
    const bytes = await readFile(join(setup.folder, backup.fileName ?? ''))
    expect(bytes.subarray(0, 21).toString()).toBe('age-encryption.org/v1')
    const row = JSON.stringify([await store.read.setting.findMany(), await store.read.auditEntry.findMany(), await readKeyPolicy(store)])
    expect(row).not.toContain(passphrase)
    const open = async () => () => null
    const read = { path: join(setup.folder, backup.fileName ?? ''), open, onProgress: ignore, signal: never }
    await expect(readArchive({ ...read, keys: noKeys })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    const manifest = await readArchive({ ...read, keys: await keysFor(store, backup.encryption, master) })
    expect(manifest.members.map(({ name }) => name)).toContain('.env')
    // A changed policy keeps the keys of the archives that exist.
    await saveKeyPolicy(store, { kind: 'passphrase', passphrase: 'another of good length' }, master, 'admin')
    expect(await trialBackup(setup, { id: backup.id, keys: noKeys, holder: 'test' }, ignore, never)).toMatchObject({
      trial: { status: 'passed' },
    })
  })

  it('for recipients is tried with a key of the moment, and later opened with theirs alone', async () => {
    const pair = await generateKeyPair()
    await saveKeyPolicy(store, { kind: 'recipients', recipients: [pair.recipient] }, master, 'admin')
    const backup = await make()
    expect(backup).toMatchObject({ keyKnown: false, trial: { status: 'passed' } })
    const trial = (identities: string[]) =>
      trialBackup(setup, { id: backup.id, keys: { passphrases: [], identities }, holder: 'test' }, ignore, never)
    await expect(trial([])).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    await expect(trial([(await generateKeyPair()).identity])).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    expect(await trial([pair.identity])).toMatchObject({ trial: { status: 'passed' } })
  })
})

describe('a trial', () => {
  it('finds an archive that was altered on the disk, and says so in the catalogue', async () => {
    const backup = await make()
    const path = join(setup.folder, backup.fileName ?? '')
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
    await writeFile(path, bytes)
    expect(await trialBackup(setup, { id: backup.id, keys: noKeys, holder: 'test' }, ignore, never)).toMatchObject({
      trial: { status: 'failed' },
    })
    expect((await listBackups(setup))[0]?.trial).toMatchObject({ status: 'failed', problem: expect.stringContaining('damaged') })
  })
})

describe('a trial on a server with another CV_ENCRYPTION_KEY', () => {
  it('says that the files cannot be opened here, and nothing against the archive', async () => {
    const backup = await make()
    const elsewhere = { ...setup, files: { ...setup.files, key: randomBytes(32) } }
    const tried = await trialBackup(elsewhere, { id: backup.id, keys: noKeys, holder: 'test' }, ignore, never)
    expect(tried.trial).toMatchObject({
      status: 'impossible',
      filesOpened: 0,
      problem: expect.stringContaining('another CV_ENCRYPTION_KEY'),
    })
    expect(tried.trial?.rows).toBe(backup.trial?.rows)
  })
})

describe('an end before the end', () => {
  it.each(['snapshot', 'stored-files', 'archive', 'trial'])('cancelled in %s: nothing is left, nothing is listed', async (phase) => {
    const stop = new AbortController()
    const cancelIn = (event: ProgressEvent) => {
      if (event.type === 'phase' && event.phase === phase && event.status === 'started')
        stop.abort(new AppError({ code: 'CANCELLED', message: 'cancelled' }))
    }
    await expect(make({}, stop.signal, cancelIn)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await filesOf(setup.folder)).toEqual([])
    expect(await listBackups(setup)).toEqual([])
    expect((await make()).trial?.status).toBe('passed')
  })

  it('a failure is listed as one, without a file', async () => {
    const broken = { ...setup, source: async () => ({ engine: 'sqlite', path: join(database.folder, 'absent.db') }) as const }
    const options = { origin: 'manual', requestedBy: 'admin@example.org', jobId: null, holder: 'test' } as const
    await expect(makeBackup(broken, options, ignore, never)).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
    expect(await listBackups(setup)).toEqual([
      expect.objectContaining({ status: 'failed', fileName: null, error: expect.objectContaining({ code: 'SOURCE_MISSING' }) }),
    ])
    expect(await filesOf(setup.folder)).toEqual([])
  })

  it('what a killed one left is swept away by the next', async () => {
    await make()
    await writeFile(join(setup.folder, 'backup-20260101-000000-abcdef.tar.gz.part'), 'half')
    const { fileName } = await make()
    expect(await filesOf(setup.folder)).toContain(fileName)
    expect((await filesOf(setup.folder)).filter((name) => !/^backup-.*\.tar\.gz$/.test(name))).toEqual([])
  })

  it('two at once: the second is refused kindly', async () => {
    const first = make()
    await expect.poll(() => store.read.lease.findUnique({ where: { name: 'backups' } })).not.toBeNull()
    await expect(make()).rejects.toMatchObject({ code: 'LEASE_HELD', message: expect.stringContaining('backup') })
    expect((await first).status).toBe('written')
  })
})

describe('the catalogue', () => {
  it('notices a file that was taken away, deletes file and row, and keeps what is locked', async () => {
    const backup = await make({ trial: false })
    expect(backup.trial).toBeNull()
    await store.write((transaction) => transaction.backup.update({ where: { id: backup.id }, data: { locked: true } }))
    await expect(deleteBackup(setup, backup.id, 'admin', 'by hand')).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await store.write((transaction) => transaction.backup.update({ where: { id: backup.id }, data: { locked: false } }))
    await deleteBackup(setup, backup.id, 'admin', 'by hand')
    expect([await filesOf(setup.folder), await listBackups(setup)]).toEqual([[], []])
    const other = await make({ trial: false })
    await rm(join(setup.folder, other.fileName ?? ''))
    expect((await listBackups(setup))[0]).toMatchObject({ id: other.id, present: false })
  })
})

describe('while the app writes', () => {
  it('500 writes a second go on, and the backup is of one moment', async () => {
    const writer = openSqlite(database.path, { busyTimeoutMs: 1_000 })
    writer.pragma('journal_mode = WAL')
    writer.exec('CREATE TABLE pair_a (n INTEGER PRIMARY KEY, pad TEXT); CREATE TABLE pair_b (n INTEGER PRIMARY KEY, pad TEXT)')
    const both = writer.transaction((n: number) => {
      writer.prepare('INSERT INTO pair_a VALUES (?, ?)').run(n, 'x'.repeat(200))
      writer.prepare('INSERT INTO pair_b VALUES (?, ?)').run(n, 'x'.repeat(200))
    })
    let written = 0
    let slowestMs = 0
    const timer = setInterval(() => {
      for (let index = 0; index < 10; index += 1) {
        const started = performance.now()
        both(written)
        slowestMs = Math.max(slowestMs, performance.now() - started)
        written += 1
      }
    }, 20)
    try {
      await vi.waitUntil(() => written > 0, { timeout: 30_000 })
      const before = written
      const backup = await make()
      const rows = (name: string) => backup.manifest?.database.tables.find(({ table }) => table === name)?.rows
      expect(rows('pair_a')).toBe(rows('pair_b'))
      // Nothing of before is missing, and the writes went on while it was made.
      expect(rows('pair_a')).toBeGreaterThanOrEqual(before)
      expect(written).toBeGreaterThan(rows('pair_a') ?? 0)
      expect(backup.trial?.status).toBe('passed')
      // Not one write waited for a lock: they would have met the busy timeout.
      expect(slowestMs).toBeLessThan(900)
    } finally {
      clearInterval(timer)
      writer.close()
    }
  })
})

describe.each([...inject('postgresServers')])('a backup of $name', (server) => {
  // Tools of this machine may be older than the embedded server: then auto is portable, and says why.
  it.each(['auto', 'portable', 'plain', 'custom'] as const satisfies readonly PostgresFormat[])(
    'format %s is restored into a scratch database and counted',
    async (format) => {
      await using postgres = await createPostgresDatabase(server, { schema: 'cvsite' })
      await insertCvsIntoPostgres(postgres.url, cvs)
      await withPostgres(postgres.url, (client) =>
        client.query(`INSERT INTO "TelemetryEvent" ("sessionId", type, "totalBytes") VALUES ('s', 't', 9007199254740993)`),
      )
      const onPostgres = { ...setup, source: async () => ({ engine: 'postgresql', url: postgres.url }) as const }
      const options = { origin: 'manual', requestedBy: 'admin@example.org', jobId: null, holder: 'test', format } as const
      const outcome = await makeBackup(onPostgres, options, ignore, never).catch((error: AppError) => error)
      if (outcome instanceof AppError) {
        expect([format, outcome.code, outcome.message]).toEqual([
          expect.stringMatching(/plain|custom/),
          'DUMP_FAILED',
          expect.stringMatching(/older than the server|no pg_dump/),
        ])
        return
      }
      expect(outcome.trial).toMatchObject({ status: 'passed', filesOpened: 6, problem: null })
      expect(outcome.manifest?.database.tables).toContainEqual({ table: 'CvFile', rows: 6 })
      expect(outcome.manifest?.database.reason).not.toBe('')
      expect(outcome.manifest?.database.leftOut).toEqual([])
      // Another file's trial may be under way on the same server: there is a moment without any.
      const left = () =>
        withPostgres(server.url, (client) => client.query(`SELECT datname FROM pg_database WHERE datname LIKE 'bascule_trial_%'`))
      await expect.poll(async () => (await left()).rows, { timeout: 60_000 }).toEqual([])
      expect((await stat(join(setup.folder, outcome.fileName ?? ''))).size).toBe(outcome.sizeBytes)
    },
  )
})
