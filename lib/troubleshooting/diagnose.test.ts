import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { watchKeys } from '@/lib/control/key-guard'
import { createCvStore, newStoragePath } from '@/lib/cv/cv-store'
import { createCvFiles } from '@/lib/cvsite/cv-files'
import { createCvFilesVerification } from '@/lib/cvsite/verify-cv-files'
import { parseTargetUrl, targetLabel } from '@/lib/postgres/target-url'
import { fingerprintsOf } from '@/lib/preflight/secret-checks'
import { addForeignIndexes } from '@/lib/sqlite/testing/foreign-tokenizer'
import { testSecrets } from '@/tests/support/own-app'
import { createPostgresDatabase, databaseUrl, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { findEntry } from './catalogue'
import { diagnose } from './diagnose'
import type { Diagnosis } from './diagnosis'
import { mendEntry } from './mend'
import type { Subject } from './subject'

const root = join(import.meta.dirname, '../..')
const never = new AbortController().signal
let folder: string
let store: ControlStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-troubleshooting-'))
  store = await openControlStore(join(folder, 'control.db'))
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe.each(inject('postgresServers'))('the guide’s cases on $name', (server) => {
  it('relation does not exist: names the missing tables, applies the schema migrations, and finds it mended', async () => {
    await using database = await createPostgresDatabase(server)
    const subject = onPostgres(database.url)
    expect(await ask('42P01', subject)).toMatchObject({ outcome: 'is', finding: 'relations-pending', mend: 'apply-schema' })
    const after = await mendEntry({ subject, entry: entryOf('42P01'), mend: 'apply-schema', postgresUrl: database.url }, never)
    expect(after).toMatchObject({ outcome: 'is-not', finding: 'relations-there' })
    await withPostgres(database.url, (client) => client.query('DROP TABLE "TelemetryEvent" CASCADE'))
    const dropped = await ask('P2021', subject)
    expect(dropped).toMatchObject({ outcome: 'is', finding: 'relations-missing', params: { count: 1 } })
    expect(dropped.examples).toEqual(['TelemetryEvent'])
  })

  it('relation does not exist: tells that the tables stand in another schema', async () => {
    await using database = await createPostgresDatabase(server, { schema: 'cvsite' })
    await withPostgres(database.url, (client) => client.query('ALTER SCHEMA public RENAME TO elsewhere; CREATE SCHEMA public'))
    const found = await ask('RELATION_MISSING', onPostgres(database.url))
    expect(found).toMatchObject({ outcome: 'is', finding: 'relations-elsewhere' })
    expect(found.examples).toContain('elsewhere.User')
  })

  it('password authentication failed: tells it from a missing database and from a server that is not there', async () => {
    await using database = await createPostgresDatabase(server)
    const role = `troubled_${database.name.slice(-8)}`
    await withPostgres(database.url, (client) => client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`))
    try {
      const wrong = new URL(database.url)
      wrong.username = role
      wrong.password = 'wrong'
      const found = await ask('28P01', onPostgres(wrong.href))
      expect(found).toMatchObject({ outcome: 'is', finding: 'target-is' })
      expect(JSON.stringify(found)).not.toContain('"wrong"')
      const missing = databaseUrl(server.url, 'bascule_no_such_database')
      expect(await ask('28P01', onPostgres(missing))).toMatchObject({ outcome: 'is-not', seeAlso: 'TARGET_DATABASE_MISSING' })
      expect(await ask('3D000', onPostgres(missing))).toMatchObject({ outcome: 'is' })
      const nobody = 'postgresql://a:b@127.0.0.1:1/c'
      expect(await ask('P1001', onPostgres(nobody))).toMatchObject({ outcome: 'is', finding: 'target-is' })
      expect(await ask('28P01', onPostgres(nobody))).toMatchObject({ outcome: 'is-not', seeAlso: 'TARGET_UNREACHABLE' })
      expect(await ask('53300', onPostgres(nobody))).toMatchObject({ outcome: 'unknown', seeAlso: 'TARGET_UNREACHABLE' })
      expect(await ask('28P01', onPostgres(database.url))).toMatchObject({ outcome: 'is-not' })
    } finally {
      await withPostgres(server.url, (client) => client.query(`DROP ROLE ${role}`))
    }
  })

  it('slow after the move: names the index that is missing, builds it, then the tables nobody analysed', async () => {
    await using database = await createPostgresDatabase(server, { schema: 'cvsite' })
    const subject = onPostgres(database.url)
    await withPostgres(database.url, async (client) => {
      await client.query(`ALTER TABLE "User" SET (autovacuum_enabled = off)`)
      await client.query('DROP INDEX "User_email_key"')
    })
    const slow = await ask('SLOW_AFTER_MOVE', subject)
    expect(slow).toMatchObject({ outcome: 'is', finding: 'slow-indexes', mend: 'build-indexes' })
    expect(slow.examples).toContain('User: User_email_key')
    await withPostgres(database.url, (client) =>
      client.query(
        `INSERT INTO "User" (id, email, "updatedAt") SELECT 'u' || n, n || '@example.org', now() FROM generate_series(1, 2000) n`,
      ),
    )
    const mended = await mendEntry({ subject, entry: entryOf('SLOW_AFTER_MOVE'), mend: 'build-indexes', postgresUrl: database.url }, never)
    expect(mended).toMatchObject({ finding: 'slow-statistics', mend: 'analyze', examples: ['User'] })
    const analysed = await mendEntry({ subject, entry: entryOf('SLOW_AFTER_MOVE'), mend: 'analyze', postgresUrl: database.url }, never)
    // A round trip on a busy machine may count as a far one.
    expect(['slow-nothing', 'slow-distance']).toContain(analysed.finding)
  })

  it('rights on schema public, sequences that stand too low, waiting sessions', async () => {
    await using database = await createPostgresDatabase(server)
    const role = `lacking_${database.name.slice(-8)}`
    await withPostgres(database.url, (client) =>
      client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        CREATE TABLE numbered (id serial PRIMARY KEY); INSERT INTO numbered (id) VALUES (7)`),
    )
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'right'
      const lacking = await ask('42501', onPostgres(url.href))
      expect(lacking).toMatchObject({ outcome: 'is', finding: 'rights-lacking' })
      expect(lacking.remedy).toContain(`GRANT CREATE, USAGE ON SCHEMA "public" TO "${role}"`)
      const subject = onPostgres(database.url)
      expect(await ask('42501', subject)).toMatchObject({ outcome: 'is-not' })
      expect(await ask('P2002', subject)).toMatchObject({ outcome: 'is', finding: 'sequences-behind', examples: ['numbered.id: 1 ≤ 7'] })
      expect(await mendEntry({ subject, entry: entryOf('P2002'), mend: 'set-sequences', postgresUrl: database.url }, never)).toMatchObject({
        outcome: 'is-not',
      })
      expect(await ask('P3005', subject)).toMatchObject({ outcome: 'is', finding: 'history-none' })
      await withPostgres(database.url, async (holder) => {
        await holder.query('BEGIN; LOCK TABLE numbered')
        const waiting = withPostgres(database.url, (client) => client.query('SELECT * FROM numbered'))
        await expect.poll(async () => (await ask('55P03', subject)).finding, { timeout: 30_000 }).toBe('locks-waiting')
        await holder.query('ROLLBACK')
        await waiting
      })
      expect(await ask('55P03', subject)).toMatchObject({ outcome: 'is-not' })
      expect(await ask('TOO_MANY_CONNECTIONS', subject)).toMatchObject({ outcome: 'is-not', finding: 'connections-free' })
      expect(await ask('CERT_HAS_EXPIRED', subject)).toMatchObject({ outcome: 'is-not' })
    } finally {
      await withPostgres(database.url, (client) => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))
    }
  })

  it('unreadable CVs: tells the wrong key from missing files, on this engine too', async () => {
    await using database = await createPostgresDatabase(server, { schema: 'cvsite' })
    await using cvs = await cvsIn('postgres')
    await withPostgres(database.url, (client) => client.query(cvs.sql))
    const check = (key: Buffer) => async (signal: AbortSignal) => {
      const { checked, findings } = await createCvFilesVerification({ folder: cvs.folder, key })(database.url, () => undefined, signal)
      const faults = findings.map(({ code, count }) => [code.replace('CV_', '').toLowerCase().replaceAll('_', '-'), { count, names: [] }])
      return { rows: checked, faults: Object.fromEntries(faults) }
    }
    const subject = onPostgres(database.url)
    expect(await ask('CV_UNREADABLE', { ...subject, checkFiles: check(cvs.key) })).toMatchObject({ outcome: 'is-not', finding: 'cvs-open' })
    const other = { ...subject, checkFiles: check(Buffer.alloc(32, 9)) }
    expect(await ask('CV_UNREADABLE', other)).toMatchObject({ outcome: 'is', finding: 'cvs-other-key', seeAlso: 'KEY_INVALID' })
  })
})

describe('SQLite and the app itself', () => {
  it('unreadable CVs on SQLite: a key that changed is found and named by its fingerprint', async () => {
    await using database = await createCvsiteDatabase()
    await using cvs = await cvsIn('sqlite')
    const db = new Database(database.path)
    db.exec(cvs.sql)
    db.close()
    const check = (key: Buffer) => (signal: AbortSignal) =>
      createCvFiles({ folder: cvs.folder, key }).check(database.path, () => undefined, signal)
    const subject = onSqlite(database.path)
    expect(await ask('CV_UNREADABLE', { ...subject, checkFiles: check(cvs.key) })).toMatchObject({ outcome: 'is-not', params: { rows: 1 } })
    await watchKeys(store, fingerprintsOf(testSecrets), 'test')
    const changed = { ...testSecrets, CV_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64') }
    const broken = { ...subject, secrets: changed, checkFiles: check(Buffer.alloc(32, 9)) }
    const found = await ask('CV_UNREADABLE', broken)
    expect(found).toMatchObject({ outcome: 'is', finding: 'cvs-other-key' })
    expect(found.examples.join()).toContain('→')
    expect(await ask('KEY_INVALID', broken)).toMatchObject({ outcome: 'is', finding: 'keys-changed' })
    expect(await ask('KEY_INVALID', subject)).toMatchObject({ outcome: 'is-not' })
    await rm(cvs.folder, { recursive: true })
    expect(await ask('CV_UNREADABLE', { ...subject, checkFiles: check(cvs.key) })).toMatchObject({ outcome: 'is', finding: 'cvs-missing' })
  })

  it('a locked, a missing, a foreign and a damaged file', async () => {
    await using database = await createCvsiteDatabase()
    const subject = onSqlite(database.path)
    expect(await ask('SQLITE_BUSY', subject)).toMatchObject({ outcome: 'is-not', finding: 'lock-free' })
    const holder = new Database(database.path)
    holder.exec('BEGIN IMMEDIATE')
    expect(await ask('SQLITE_BUSY', subject)).toMatchObject({ outcome: 'is', finding: 'lock-held' })
    holder.close()
    expect(await ask('SOURCE_MISSING', subject)).toMatchObject({ outcome: 'is-not' })
    expect(await ask('SOURCE_MISSING', onSqlite(join(folder, 'nowhere.db')))).toMatchObject({ outcome: 'is' })
    const text = join(folder, 'text.db')
    await writeFile(text, 'not a database, but long enough to be looked at')
    expect(await ask('SQLITE_NOTADB', onSqlite(text))).toMatchObject({ outcome: 'is' })
    expect(await ask('SOURCE_MISSING', onSqlite(text))).toMatchObject({ outcome: 'is-not', seeAlso: 'SOURCE_NOT_A_DATABASE' })
    expect(await ask('SQLITE_CORRUPT', subject)).toMatchObject({ outcome: 'is-not', finding: 'sound' })
    addForeignIndexes(database.path)
    expect(await ask('SQLITE_CORRUPT', subject)).toMatchObject({ outcome: 'is-not', finding: 'sound' })
    expect(await ask('P2003', subject)).toMatchObject({ outcome: 'is-not', finding: 'references-sound' })
    expect(await ask('P2021', subject)).toMatchObject({ outcome: 'is-not', finding: 'relations-there' })
  })

  it('a job that failed, and one that mended it', async () => {
    const job = { kind: 'verify', payload: '{}', requestedBy: 'a', createdAt: new Date(), finishedAt: new Date() }
    const error = JSON.stringify({ code: 'COUNTS_DIFFER', message: 'Two tables differ.' })
    const subject = onSqlite(join(folder, 'nowhere.db'))
    expect(await ask('COUNTS_DIFFER', subject)).toMatchObject({ outcome: 'is-not', finding: 'job-never' })
    await store.write((transaction) => transaction.job.create({ data: { ...job, id: 'failed', status: 'failed', error } }))
    expect(await ask('COUNTS_DIFFER', subject)).toMatchObject({ outcome: 'is', params: { job: 'failed' } })
    const later = new Date(job.createdAt.getTime() + 1_000)
    await store.write((transaction) => transaction.job.create({ data: { ...job, id: 'well', status: 'succeeded', createdAt: later } }))
    expect(await ask('COUNTS_DIFFER', subject)).toMatchObject({ outcome: 'is-not', finding: 'job-mended' })
  })

  it('answers unknown, and why, when the time is up; and when there is nothing to ask', async () => {
    const slow = { ...onSqlite(join(folder, 'nowhere.db')), timeoutMs: 10, checkFiles: () => new Promise<never>(() => undefined) }
    expect(await ask('CV_UNREADABLE', slow)).toMatchObject({ outcome: 'unknown', finding: 'unasked' })
    expect(await ask('P1001', onSqlite('x'))).toMatchObject({ outcome: 'unknown', finding: 'target-none' })
    expect(await ask('WORKER_STOPPED', onSqlite('x'))).toMatchObject({ outcome: 'is', finding: 'worker-dead' })
    expect(await ask('APP_READ_ONLY', onSqlite('x'))).toMatchObject({ outcome: 'is-not' })
    const moving = { status: 'migrating', jobId: 'j', target: { sealedUrl: '', label: '' }, since: new Date().toISOString() } as const
    expect(await ask('APP_READ_ONLY', { ...onSqlite('x'), state: moving })).toMatchObject({ outcome: 'is', finding: 'state-read-only' })
  })
})

function entryOf(code: string) {
  const entry = findEntry(code)
  if (!entry) throw new Error(`no entry for ${code}`)
  return entry
}

function ask(code: string, subject: Subject): Promise<Diagnosis> {
  return diagnose(entryOf(code), subject, never)
}

function subjectOf(state: ActiveState): Omit<Subject, 'sqlitePath' | 'target' | 'asksPostgres'> {
  const checkFiles = async () => ({ rows: 0, faults: {} })
  return { root, state, store, dataDir: folder, secrets: testSecrets, checkFiles, isRecent: true }
}

function onPostgres(text: string): Subject {
  const url = parseTargetUrl(text, { allowPrivate: true })
  const target = { sealedUrl: '', label: targetLabel(url) }
  const state = { status: 'on-postgresql', jobId: null, target, since: new Date().toISOString() } as const
  return { ...subjectOf(state), sqlitePath: null, target: { url, label: target.label }, asksPostgres: true }
}

function onSqlite(path: string): Subject {
  return { ...subjectOf({ status: 'on-sqlite' }), sqlitePath: path, target: null, asksPostgres: false }
}

/** One CV in a folder of its own, and the rows that speak of it. */
async function cvsIn(name: string) {
  const key = Buffer.alloc(32, 7)
  const path = join(folder, `cvs-${name}-${process.hrtime.bigint()}`)
  const text = Buffer.from('a CV')
  const storagePath = newStoragePath()
  await createCvStore({ folder: path, key }).write(storagePath, text)
  const sha256 = createHash('sha256').update(text).digest()
  const hex = sha256.toString('hex')
  const blob = name === 'sqlite' ? `X'${hex}'` : `'\\x${hex}'`
  const sql = `INSERT INTO "User" (id, email, "updatedAt") VALUES ('owner', 'o@example.org', '2024-01-01 00:00:00');
    INSERT INTO "CvFile" (id, "userId", filename, title, "storagePath", "sizeBytes", sha256, source, "updatedAt")
    VALUES ('cv', 'owner', 'cv.txt', 'CV', '${storagePath}', ${text.length}, ${blob}, 'WRITTEN', '2024-01-01 00:00:00');`
  return { folder: path, key, sql, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
