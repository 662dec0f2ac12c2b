import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { readEmergency, readWayBack } from '@/lib/control/way-back'
import { createLogger } from '@/lib/core/logger'
import { leftBehindFolder } from '@/lib/migration/close-abandoned'
import { cutOver } from '@/lib/migration/cut-over'
import { armForwardLog } from '@/lib/migration/live/forward-log'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import { switchInEmergency } from '@/lib/migration/switch-in-emergency'
import { createTcpProxy, type TcpProxy } from '@/lib/migration/testing/tcp-proxy'
import { armedSince } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { watchWayBack } from './watch-way-back'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'watched'

/** One outage from its first moment to its end, with a worker that looks on; the tests follow each other. */
describe('the watch over the way back', () => {
  let source: TestSqliteDatabase
  let database: TestPostgresDatabase
  let proxy: TcpProxy
  let store: ControlStore
  const stop = new AbortController()
  let watching: Promise<void>

  beforeAll(async () => {
    source = await createSqliteDatabase(
      `PRAGMA journal_mode = WAL; CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO author VALUES (1, 'one')`,
    )
    database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    proxy = await createTcpProxy(database.url)
    store = await openControlStore(join(source.folder, 'control.db'))
    await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
    const options = { jobId, sourcePath: source.path, targetUrl: proxy.url, workDir: source.folder, model: { kind: 'introspect' as const } }
    expect((await migrateDatabase({ ...options, fenceSource: true, setAside: false, dryRun: false }, quiet, never)).error).toBeUndefined()
    const target = { sealedUrl: 'sealed', label: 'app@server' }
    await cutOver(
      options,
      async () => {
        await transitionActiveDatabase(store, {
          from: 1,
          to: { status: 'on-postgresql', jobId, target, since: new Date().toISOString() },
          actor: 'test',
        })
      },
      quiet,
      never,
    )
    const parts = {
      store,
      sqlitePath: source.path,
      openTarget: () => proxy.url,
      workDir: source.folder,
      appSessions: [],
      actor: 'worker test',
    }
    watching = watchWayBack(
      { ...parts, readAdministrators: async () => ['admin'], logger: createLogger('test', 'fatal'), pollMs: 50 },
      stop.signal,
    )
  }, 120_000)

  afterAll(async () => {
    stop.abort()
    await watching
    await proxy?.[Symbol.asyncDispose]()
    await store?.close()
    await database?.drop()
    await source?.remove()
  })

  const sqlite = (text: string) => {
    const db = openSqlite(source.path)
    try {
      db.exec(text)
    } finally {
      db.close()
    }
  }

  it('knows how much waits, and who may act, before PostgreSQL goes', async () => {
    await withPostgres(database.url, (client) => client.query(`INSERT INTO author VALUES (2, 'two'), (3, 'three')`))
    await expect.poll(async () => (await readWayBack(store, jobId))?.waiting?.total, { timeout: 30_000 }).toBe(2)
    expect(await readWayBack(store, jobId)).toMatchObject({ away: null, administrators: ['admin'] })
    expect(await readWayBack(store, 'another')).toBeNull()
  })

  it('says since when PostgreSQL is away, and keeps what it knew', async () => {
    await proxy.shut()
    await expect.poll(async () => (await readWayBack(store, jobId))?.away?.code, { timeout: 30_000 }).toMatch(/^TARGET_/)
    expect(await readWayBack(store, jobId)).toMatchObject({ waiting: { total: 2 }, administrators: ['admin'] })
  })

  it('lets the app be taken to SQLite, with the last number known on record', async () => {
    const parts = { store, sqlitePath: source.path, openTarget: () => proxy.url }
    const record = await switchInEmergency(parts, 'admin@example.org', quiet)
    expect(record).toMatchObject({ by: 'admin@example.org', lastKnown: { total: 2 }, postgres: { status: 'away' } })
    expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'on-sqlite', former: { how: 'emergency', jobId } })
    sqlite(`INSERT INTO author VALUES (2, 'another two')`)
    await expect(switchInEmergency(parts, 'admin@example.org', quiet)).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      subject: 'on-sqlite',
    })
  })

  it('closes PostgreSQL when it is back, wherever the app is by then, and lists what stayed behind', async () => {
    // Somebody prepares the next migration already; the database that was left must be closed all the same.
    const { version } = await readActiveDatabase(store)
    await transitionActiveDatabase(store, { from: version, to: { status: 'on-sqlite' }, actor: 'test' })
    await proxy.open()
    await expect.poll(async () => (await readEmergency(store))?.postgres.status, { timeout: 30_000 }).toBe('closed')
    await expect
      .poll(async () => readEmergency(store), { timeout: 30_000 })
      .toMatchObject({ postgres: { left: { total: 2, changedOnBothSides: 1 }, message: null } })
    const record = await readEmergency(store)
    const file = record?.postgres.status === 'closed' ? record.postgres.file : null
    const path = join(leftBehindFolder(source.folder), file ?? 'no file')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const rows = (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ key, changedOnSqlite }) => [key.id, changedOnSqlite])).toEqual([
      ['2', true],
      ['3', false],
    ])
    await expect(withPostgres(database.url, (client) => client.query(`INSERT INTO author VALUES (9, 'late')`))).rejects.toThrow(
      'BASCULE_FENCED',
    )
  })
})

it('gives up a log that has become too long to be worth its place', async () => {
  const source = await createSqliteDatabase('PRAGMA journal_mode = WAL; CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT)')
  const store = await openControlStore(join(source.folder, 'control.db'))
  const db = openSqlite(source.path)
  const stop = new AbortController()
  const target = { sealedUrl: 'sealed', label: 'app@server' }
  const former = { jobId, target, at: new Date().toISOString(), how: 'rolled-back' as const, log: armForwardLog(db) }
  await initialiseActiveDatabase(store, { status: 'on-sqlite', former }, 'test')
  const parts = {
    store,
    sqlitePath: source.path,
    openTarget: () => '',
    workDir: source.folder,
    appSessions: [],
    actor: 'worker test',
    mostNoted: 20,
  }
  const watching = watchWayBack(
    { ...parts, readAdministrators: async () => [], logger: createLogger('test', 'fatal'), pollMs: 20 },
    stop.signal,
  )
  try {
    expect(former.log).toBe(armedSince(db))
    db.exec(`INSERT INTO author WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT i, 'many' FROM n`)
    await expect.poll(() => armedSince(db), { timeout: 30_000 }).toBeNull()
    expect((await readActiveDatabase(store)).state).toEqual({ status: 'on-sqlite', former: { ...former, log: null } })
  } finally {
    stop.abort()
    await watching
    db.close()
    await store.close()
    await source.remove()
  }
})
