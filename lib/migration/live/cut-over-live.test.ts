import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { readMark } from '@/lib/postgres/copy-mark'
import { readCapturedTables } from '@/lib/sqlite/change-log'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { migrateDatabase } from '../migrate-database'
import { recoverDatabases } from '../recover'
import { rollBack } from '../roll-back'
import { cutOverLive } from './cut-over-live'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'live'
const server = { url: inject('embeddedPostgresUrl') }

const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (id TEXT PRIMARY KEY, author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE ON UPDATE CASCADE, title TEXT);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO author SELECT i, 'name ' || i FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO book SELECT 'b' || i, i % 300 + 1, 'title ' || i FROM n;`

interface Pair {
  readonly source: TestSqliteDatabase
  readonly target: TestPostgresDatabase
  readonly options: { readonly sourcePath: string; readonly targetUrl: string; readonly jobId: string; readonly freezeLimitMs: number }
}

async function withFollowingCopy(use: (pair: Pair) => Promise<void>): Promise<void> {
  await using source = await createSqliteDatabase(script)
  await using target = await createPostgresDatabase(server)
  const migration = {
    jobId,
    sourcePath: source.path,
    targetUrl: target.url,
    workDir: source.folder,
    model: { kind: 'introspect' as const },
  }
  const result = await migrateDatabase({ ...migration, fenceSource: false, live: true, setAside: false, dryRun: false }, quiet, never)
  expect(result.error).toBeUndefined()
  await use({ source, target, options: { sourcePath: source.path, targetUrl: target.url, jobId, freezeLimitMs: 60_000 } })
}

const ready: ActiveState = {
  status: 'ready-to-switch',
  mode: 'live',
  jobId,
  target: { sealedUrl: '', label: '' },
  since: new Date().toISOString(),
}

const write = (source: TestSqliteDatabase, sql: string) => {
  const db = new Database(source.path, { timeout: 10_000 })
  try {
    db.pragma('foreign_keys = ON')
    db.exec(sql)
  } finally {
    db.close()
  }
}

const look = (source: TestSqliteDatabase) => {
  const db = openSqlite(source.path, { readonly: true })
  try {
    const fence = readFence(db)
    return { stage: fence?.stage ?? null, awake: fence?.awake ?? false, isCaptured: readCapturedTables(db) !== null }
  } finally {
    db.close()
  }
}

const markOf = async (target: TestPostgresDatabase) => (await withPostgres(target.url, readMark))?.state

describe('a cut-over while the app goes on writing', () => {
  it('takes along what was written since the proof, sets references and sequences, and says where the data went', async () => {
    await withFollowingCopy(async ({ source, target, options }) => {
      write(source, `INSERT INTO author (name) VALUES ('late'); UPDATE author SET id = 900 WHERE id = 5; DELETE FROM author WHERE id = 7`)
      const flips: string[] = []
      const result = await cutOverLive(options, async () => void flips.push('over'), quiet, never)
      expect(flips).toEqual(['over'])
      expect(result.attempts).toBe(1)
      expect(result.applied).toBeGreaterThan(3)
      expect(() => write(source, `INSERT INTO author (name) VALUES ('refused')`)).toThrow(
        /BASCULE_FENCED: .*on PostgreSQL \(.*127\.0\.0\.1/,
      )
      expect(look(source)).toEqual({ stage: 'moved', awake: true, isCaptured: false })
      await withPostgres(target.url, async (client) => {
        const { rows } = await client.query(`INSERT INTO author (name) VALUES ('next') RETURNING id`)
        expect(rows[0].id).toBe(901)
        await expect(client.query(`INSERT INTO book (id, author) VALUES ('x', 4711)`)).rejects.toThrow(/foreign key/)
        const log = await client.query(`SELECT table_name, op FROM bascule.change_log`)
        expect(log.rows).toEqual([{ table_name: 'author', op: 'I' }])
      })
      const verified = await verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, quiet, never)
      expect(verified.status).toBe('succeeded')
    })
  })

  it('past the limit it is given up before the record: SQLite writes on, and a later attempt succeeds', async () => {
    await withFollowingCopy(async ({ source, target, options }) => {
      const hurried = { ...options, freezeLimitMs: 0, mostAttempts: 2 }
      const refused = cutOverLive(hurried, () => Promise.reject(new Error('flipped')), quiet, never)
      await expect(refused).rejects.toMatchObject({ code: 'STATE_CONFLICT', retryable: true })
      expect(look(source)).toEqual({ stage: null, awake: false, isCaptured: true })
      expect(await markOf(target)).toBe('copied')
      write(source, `INSERT INTO author (name) VALUES ('on SQLite')`)
      expect(await cutOverLive(options, async () => undefined, quiet, never)).toMatchObject({ attempts: 1, tries: [{ lateIn: null }] })
      // Armed twice by then; what the copy was brought is in it neither time.
      const { rows } = await withPostgres(target.url, (client) => client.query(`SELECT count(*)::int AS n FROM bascule.change_log`))
      expect(rows).toEqual([{ n: 0 }])
    })
  })

  it('a row that differs where nobody looked is found before the record, and the app stays', async () => {
    await withFollowingCopy(async ({ source, target, options }) => {
      await withPostgres(target.url, (client) =>
        client.query(`CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := 'spoilt'; RETURN NEW; END $$;
          CREATE TRIGGER spoil BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION spoil()`),
      )
      write(source, `UPDATE book SET title = 'mine' WHERE id = 'b9'`)
      await expect(cutOverLive(options, () => Promise.reject(new Error('flipped')), quiet, never)).rejects.toMatchObject({
        code: 'CONTENT_DIFFERS',
      })
      expect(look(source)).toEqual({ stage: null, awake: false, isCaptured: true })
      expect(await markOf(target)).toBe('copied')
      write(source, `UPDATE book SET title = 'on SQLite' WHERE id = 'b9'`)
    })
  })

  it('a schema that was changed meanwhile stops it, and the app stays', async () => {
    await withFollowingCopy(async ({ source, options }) => {
      write(source, 'ALTER TABLE book ADD COLUMN year INTEGER')
      await expect(cutOverLive(options, () => Promise.reject(new Error('flipped')), quiet, never)).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
      })
      expect(look(source).awake).toBe(false)
    })
  })

  it('killed after the record: recovery finishes the switch, and does what is left to do after it', async () => {
    await withFollowingCopy(async ({ source, target, options }) => {
      await expect(cutOverLive(options, () => Promise.reject(new Error('killed')), quiet, never)).rejects.toThrow('killed')
      expect(look(source)).toMatchObject({ awake: true, isCaptured: true })
      const recovery = { sourcePath: source.path, targetUrl: target.url, workDir: source.folder }
      expect(await recoverDatabases({ ...recovery, state: ready }, quiet, never)).toEqual({ outcome: 'on-postgresql', jobId })
      const { mode: _, ...rest } = ready as Extract<ActiveState, { status: 'ready-to-switch' }>
      const state: ActiveState = { ...rest, status: 'on-postgresql' }
      expect(await recoverDatabases({ ...recovery, state }, quiet, never)).toEqual({ outcome: 'unchanged' })
      expect(look(source)).toEqual({ stage: 'moved', awake: true, isCaptured: false })
      const { rows } = await withPostgres(target.url, (client) =>
        client.query(`SELECT convalidated FROM pg_constraint WHERE contype = 'f'`),
      )
      expect(rows).toEqual([{ convalidated: true }])
    })
  })

  it('killed before the record: recovery lets SQLite write again, and the copy stays', async () => {
    await withFollowingCopy(async ({ source, target }) => {
      const db = openSqlite(source.path)
      const { installFence, wakeFence } = await import('@/lib/sqlite/fence')
      installFence(db, 'moving')
      wakeFence(db)
      db.close()
      const recovery = { sourcePath: source.path, targetUrl: target.url, workDir: source.folder, state: ready }
      expect(await recoverDatabases(recovery, quiet, never)).toEqual({ outcome: 'unchanged' })
      expect(look(source)).toEqual({ stage: null, awake: false, isCaptured: true })
      // PostgreSQL decides: while it cannot be asked, nobody may write.
      const again = openSqlite(source.path)
      installFence(again, 'moving')
      wakeFence(again)
      again.close()
      const away = { ...recovery, targetUrl: target.url.replace(/:\d+\//, ':1/') }
      await expect(recoverDatabases(away, quiet, never)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
      expect(look(source).awake).toBe(true)
    })
  })

  it('goes over and back under the writes of other processes, and no acknowledged write is lost or doubled', async () => {
    await withFollowingCopy(async ({ source, target, options }) => {
      const writers = ['p', 'q'].map((name) =>
        fork(join(import.meta.dirname, 'testing/write-until-fenced.mjs'), [source.path, name], {
          stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        }),
      )
      const acknowledged: string[] = []
      for (const writer of writers) writer.on('message', (name) => acknowledged.push(String(name)))
      const ended = Promise.all(writers.map((writer) => once(writer, 'exit')))
      await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(20)
      const over = await cutOverLive(options, async () => undefined, quiet, never)
      await ended
      const names = async () =>
        (await withPostgres(target.url, (client) => client.query(`SELECT name FROM author WHERE id > 300 ORDER BY name`))).rows.map(
          ({ name }) => String(name),
        )
      expect(await names()).toEqual(acknowledged.toSorted())
      const { rows } = await withPostgres(target.url, (client) =>
        client.query(`SELECT count(*)::int AS n FROM book WHERE title = 'of a writer'`),
      )
      expect(rows).toEqual([{ n: acknowledged.length }])
      await withPostgres(target.url, (client) => client.query(`UPDATE author SET name = 'on PostgreSQL' WHERE id = 1`))
      const back = await rollBack({ ...options }, async () => undefined, quiet, never)
      const db = new Database(source.path)
      expect(db.prepare(`SELECT name FROM author WHERE id > 300 ORDER BY name`).pluck().all()).toEqual(acknowledged.toSorted())
      expect(db.prepare(`SELECT name FROM author WHERE id = 1`).pluck().get()).toBe('on PostgreSQL')
      db.close()
      console.info(
        `${acknowledged.length} writes of two processes; frozen for ${Math.round(over.freezeMs)} ms over, ${Math.round(back.freezeMs)} ms back`,
      )
    })
  })
})
