import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { isFenceError, readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from '../cut-over'
import { migrateDatabase } from '../migrate-database'
import { recoverDatabases } from '../recover'
import { bundleChild } from '../testing/bundle-child'
import { createSwitchedPair } from '../testing/switched-pair'
import { createTcpProxy, type TcpProxy } from '../testing/tcp-proxy'
import { leaveGonePostgres, probePostgres } from './emergency'
import { abandonCopy } from './emergency-abandon'
import { type LeftBehindRow, listLeftBehind } from './emergency-left-behind'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'gone'
const target = { sealedUrl: '', label: '' }
const since = '2026-01-01T00:00:00.000Z'

const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, seen DATETIME);
CREATE TABLE pair (a TEXT NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE loose (line TEXT);
INSERT INTO author (id, name, seen) VALUES (1, 'one', '2024-01-02T03:04:05.678+00:00'), (2, 'two', NULL), (3, 'three', NULL), (4, 'four', NULL);
INSERT INTO pair VALUES ('x', 1), ('y', 2)`

/** One app on PostgreSQL behind a way that can be cut; the tests follow each other as the hours of one outage do. */
describe('an emergency', () => {
  let source: TestSqliteDatabase
  let database: TestPostgresDatabase
  let proxy: TcpProxy
  let child: string
  let log: string | null = null
  const stateFile = () => join(source.folder, 'state')

  beforeAll(async () => {
    child = await bundleChild('switch-in-child.ts')
    source = await createSqliteDatabase(script)
    database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    proxy = await createTcpProxy(database.url)
    const options = { jobId, sourcePath: source.path, targetUrl: proxy.url, workDir: source.folder, model: { kind: 'introspect' as const } }
    const result = await migrateDatabase({ ...options, fenceSource: true, setAside: false, dryRun: false }, quiet, never)
    expect(result.error).toBeUndefined()
    await cutOver({ sourcePath: source.path, targetUrl: proxy.url, jobId }, async () => undefined, quiet, never)
  }, 120_000)

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await database?.drop()
    await source?.remove()
    if (child) rmSync(child, { force: true })
  })

  const options = () => ({ sourcePath: source.path, targetUrl: proxy.url, from: 'on-postgresql' as const })
  const postgres = (text: string) => withPostgres(database.url, (client) => client.query(text))
  const sqlite = (text: string) => {
    const db = openSqlite(source.path)
    try {
      return db.exec(text)
    } finally {
      db.close()
    }
  }
  const fenceStage = () => {
    const db = openSqlite(source.path, { readonly: true })
    try {
      return readFence(db)?.stage ?? null
    } finally {
      db.close()
    }
  }
  const recover = (state: ActiveState) =>
    recoverDatabases({ state, sourcePath: source.path, targetUrl: proxy.url, workDir: source.folder }, quiet, never)
  const onPostgres: ActiveState = { status: 'on-postgresql', jobId, target, since }

  it('is refused while PostgreSQL answers, and nothing was touched', async () => {
    const refused = leaveGonePostgres(options(), () => Promise.reject(new Error('flipped')), quiet)
    await expect(refused).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: 'PostgreSQL answers.' })
    expect(fenceStage()).toBe('moved')
    expect(await probePostgres(database.url.replace(/[^/]*$/, 'no_such_database'))).toMatchObject({ code: 'TARGET_DATABASE_MISSING' })
  })

  it.each(['returning', 'flip-away'] as const)(
    'killed after "%s" leaves one database that takes writes, or none until it is asked for again',
    async (step) => {
      await postgres(`INSERT INTO author (name) VALUES ('before ${step}')`)
      await proxy.shut()
      const order = { direction: 'away', killAfter: step, stateFile: stateFile(), options: { ...options(), jobId, freezeLimitMs: 60_000 } }
      const [code, signal] = await once(fork(child, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }), 'exit')
      expect([code, signal]).toEqual([null, 'SIGKILL'])
      expect(() => sqlite(`INSERT INTO author (name) VALUES ('early')`)).toThrow('BASCULE_FENCED')
      if (step === 'returning') {
        // PostgreSQL decides, and cannot be asked; once it can, the app is where it was.
        await expect(recover(onPostgres)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
        await proxy.open()
        expect(await recover(onPostgres)).toEqual({ outcome: 'unchanged' })
        expect(fenceStage()).toBe('moved')
        await postgres(`INSERT INTO pair VALUES ('z', 3)`)
        return
      }
      expect(existsSync(stateFile()) && readFileSync(stateFile(), 'utf8')).toBe('away\n')
      log = openSqlite(source.path, { readonly: true }).prepare('SELECT armedAt FROM _bascule_capture').pluck().get() as string
      const former = { jobId, target, at: since, how: 'emergency' as const, log }
      expect(await recover({ status: 'on-sqlite', former })).toEqual({ outcome: 'unchanged' })
      expect(fenceStage()).toBeNull()
    },
  )

  it('is over when PostgreSQL is back: it takes no write of the app, whoever still believes in it', async () => {
    // Another process of the app reaches the server while we do not, and writes what nobody asked it to.
    await postgres(`UPDATE author SET name = 'two there' WHERE id = 2; UPDATE author SET name = 'three', seen = '2025-01-02 03:04:05.006' WHERE id = 3;
      DELETE FROM author WHERE id = 4; DELETE FROM pair WHERE a = 'x'; INSERT INTO loose VALUES ('no key')`)
    sqlite(
      `UPDATE author SET name = 'two here' WHERE id = 2; DELETE FROM pair WHERE a = 'x'; INSERT INTO author (id, name) VALUES (9, 'nine')`,
    )
    await proxy.open()
    const found = await abandonCopy({ targetUrl: proxy.url, jobId }, quiet, never, async (_client, { status }) => status)
    expect(found).toBe('closed')
    for (const text of [`INSERT INTO author (name) VALUES ('late')`, `DELETE FROM pair`, `TRUNCATE loose`]) {
      expect(await postgres(text).catch(isFenceError)).toBe(true)
    }
  })

  it('names exactly the rows that stayed behind, with both contents, and says which were changed on both sides', async () => {
    const rows: LeftBehindRow[] = []
    const db = openSqlite(source.path, { readonly: true })
    const left = await abandonCopy({ targetUrl: proxy.url, jobId }, quiet, never, async (client, found) => {
      if (found.status !== 'closed') throw new Error('not closed')
      return listLeftBehind({ client, mark: found.mark, db, log }, async (row) => void rows.push(row), never)
    })
    db.close()
    expect(left).toEqual({
      // Deleting x was done again by hand: it is the same on both sides.
      total: 7,
      changedOnBothSides: 1,
      tables: [
        { table: 'author', inserted: 2, updated: 2, deleted: 1, changedOnBothSides: 1, withoutKey: 0 },
        { table: 'loose', inserted: 0, updated: 0, deleted: 0, changedOnBothSides: 0, withoutKey: 1 },
        { table: 'pair', inserted: 1, updated: 0, deleted: 0, changedOnBothSides: 0, withoutKey: 0 },
      ],
    })
    expect(rows).toHaveLength(6)
    expect(rows).toContainEqual({
      table: 'author',
      operation: 'updated',
      key: { id: '2' },
      changedOnSqlite: true,
      postgresql: { id: '2', name: 'two there', seen: null },
      sqlite: { id: '2', name: 'two here', seen: null },
    })
    expect(rows).toContainEqual(
      expect.objectContaining({ operation: 'deleted', key: { id: '4' }, postgresql: null, changedOnSqlite: false }),
    )
    expect(rows).toContainEqual(
      expect.objectContaining({
        key: { id: '3' },
        operation: 'updated',
        postgresql: expect.objectContaining({ seen: '2025-01-02 03:04:05.006' }),
      }),
    )
    expect(rows).toContainEqual(expect.objectContaining({ table: 'pair', key: { a: 'z', b: '3' }, operation: 'inserted', sqlite: null }))
  })

  it('is not undone by a record of the state from before it', async () => {
    await expect(recover(onPostgres)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await expect(recover({ status: 'ready-to-switch', jobId, target, since })).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    // A database that took its place is left alone.
    await postgres(`UPDATE bascule.mark SET job_id = 'another'`)
    expect(await abandonCopy({ targetUrl: proxy.url, jobId }, quiet, never, async (_client, { status }) => status)).toBe('other')
  })
})

describe('an emergency whose process is killed after its last step', () => {
  it('is over: SQLite takes writes before and after the recovery, and PostgreSQL none once it was closed', async () => {
    const child = await bundleChild('switch-in-child.ts')
    const pair = await createSwitchedPair(inject('embeddedPostgresUrl'))
    try {
      await pair.bringTo('postgresql')
      const { jobId, targetUrl } = pair.options
      const gone = new URL(targetUrl)
      gone.port = '1'
      const order = {
        direction: 'away',
        killAfter: 'lower-away',
        stateFile: pair.stateFile,
        options: { ...pair.options, targetUrl: gone.href },
      }
      const ended = await once(fork(child, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }), 'exit')
      expect(ended).toEqual([null, 'SIGKILL'])
      expect(readFileSync(pair.stateFile, 'utf8').trimEnd().split('\n').at(-1)).toBe('away')
      const db = openSqlite(pair.source.path)
      db.exec(`INSERT INTO author (name) VALUES ('before')`)
      const log = db.prepare('SELECT armedAt FROM _bascule_capture').pluck().get() as string
      const former = { jobId, target: { sealedUrl: '', label: '' }, at: '2026-01-01T00:00:00.000Z', how: 'emergency' as const, log }
      const state = { status: 'on-sqlite' as const, former }
      const where = { sourcePath: pair.source.path, targetUrl: null, workDir: pair.source.folder }
      expect(await recoverDatabases({ state, ...where }, quiet, never)).toEqual({ outcome: 'unchanged' })
      db.exec(`INSERT INTO author (name) VALUES ('after')`)
      db.close()
      expect(await abandonCopy({ targetUrl, jobId }, quiet, never, async (_client, { status }) => status)).toBe('closed')
      await expect(withPostgres(targetUrl, (client) => client.query(`DELETE FROM author`))).rejects.toThrow('BASCULE_FENCED')
    } finally {
      await pair[Symbol.asyncDispose]()
      rmSync(child, { force: true })
    }
  })
})
