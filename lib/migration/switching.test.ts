import { describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from './cut-over'
import { discardCopy } from './discard-copy'
import { migrateDatabase } from './migrate-database'
import { previewRollback } from './preview-roll-back'
import { recoverDatabases } from './recover'
import { rollBack } from './roll-back'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'job-1'

async function withCopy(
  server: { readonly url: string },
  use: (source: TestSqliteDatabase, target: TestPostgresDatabase) => Promise<void>,
): Promise<void> {
  await using source = await createSqliteDatabase(`
    CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT); CREATE TABLE log (line TEXT);
    INSERT INTO item (v) VALUES ('one'), ('two'), ('three'), ('four'); INSERT INTO log VALUES ('first')`)
  await using target = await createPostgresDatabase(server)
  const options = { jobId, sourcePath: source.path, targetUrl: target.url, workDir: source.folder, model: { kind: 'introspect' as const } }
  const result = await migrateDatabase({ ...options, fenceSource: true, setAside: false, dryRun: false }, quiet, never)
  expect(result.error).toBeUndefined()
  await use(source, target)
}

const stageOf = (source: TestSqliteDatabase) => {
  const db = openSqlite(source.path, { readonly: true })
  const stage = readFence(db)?.stage ?? null
  db.close()
  return stage
}

const stateOf = (status: 'ready-to-switch' | 'on-postgresql'): ActiveState => ({
  status,
  jobId,
  target: { sealedUrl: '', label: '' },
  since: new Date().toISOString(),
})

const write = (target: TestPostgresDatabase, sql: string) => withPostgres(target.url, (client) => client.query(sql))

describe.each([...inject('postgresServers')])('switching on $name', (server) => {
  it('goes to PostgreSQL and back, and brings everything that was written there', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      const flips: string[] = []
      await cutOver(options, async () => void flips.push('over'), quiet, never)
      expect([flips, stageOf(source)]).toEqual([['over'], 'moved'])
      await expect(discardCopy(options, quiet, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
      expect(await previewRollback(options)).toMatchObject({ total: 0, tables: [] })
      await write(target, `INSERT INTO item (v) VALUES ('five'), ('six')`)
      await write(
        target,
        `UPDATE item SET v = 'TWO' WHERE id = 2; UPDATE item SET v = 'Two' WHERE id = 2; DELETE FROM item WHERE v = 'six'`,
      )
      await write(target, `DELETE FROM item WHERE id = 3; UPDATE item SET id = 44 WHERE id = 4; INSERT INTO log VALUES ('second')`)
      expect(await previewRollback(options)).toMatchObject({
        total: 6,
        tables: [
          { table: 'item', inserted: 2, updated: 1, deleted: 2 },
          { table: 'log', inserted: 1, updated: 0, deleted: 0 },
        ],
      })
      const back = await rollBack(options, async () => void flips.push('back'), quiet, never)
      expect([flips, stageOf(source)]).toEqual([['over', 'back'], null])
      // The row that came and went is a key that was logged too.
      expect(back).toMatchObject({ carried: 7, freezeMs: expect.any(Number) })
      await expect(write(target, `INSERT INTO item (v) VALUES ('late')`)).rejects.toThrow('BASCULE_FENCED')
      await expect(write(target, 'TRUNCATE log')).rejects.toThrow('BASCULE_FENCED')
      const db = openSqlite(source.path)
      expect(db.prepare('SELECT id, v FROM item ORDER BY id').raw().all()).toEqual([
        [1, 'one'],
        [2, 'Two'],
        [5, 'five'],
        [44, 'four'],
      ])
      expect(db.prepare('SELECT line FROM log ORDER BY line').pluck().all()).toEqual(['first', 'second'])
      // 6 was given out on PostgreSQL and is gone; 44 was given by hand.
      expect(db.prepare(`INSERT INTO item (v) VALUES ('on sqlite again') RETURNING id`).pluck().get()).toBe(45)
      db.close()
    })
  })

  it('counts every row that TRUNCATE takes', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      await cutOver(options, async () => undefined, quiet, never)
      await write(target, 'TRUNCATE item')
      expect(await previewRollback(options)).toMatchObject({ total: 4, tables: [{ table: 'item', inserted: 0, updated: 0, deleted: 4 }] })
    })
  })

  it('does not switch when a row is missing, or when the source took writes', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      const flip = () => Promise.reject(new Error('flipped'))
      await write(target, 'DELETE FROM item WHERE id = 1')
      await expect(cutOver(options, flip, quiet, never)).rejects.toMatchObject({ code: 'COUNTS_DIFFER' })
      const db = openSqlite(source.path)
      const { lowerFence } = await import('@/lib/sqlite/fence')
      lowerFence(db)
      db.close()
      await expect(cutOver(options, flip, quiet, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    })
  })

  it('killed between the record and the flip: recovery finishes the switch', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      await expect(cutOver(options, () => Promise.reject(new Error('killed')), quiet, never)).rejects.toThrow()
      const recovery = await recoverDatabases({ ...options, state: stateOf('ready-to-switch'), workDir: source.folder }, quiet, never)
      expect([recovery, stageOf(source)]).toEqual([{ outcome: 'on-postgresql', jobId }, 'moved'])
    })
  })

  it('killed between the fence on PostgreSQL and the flip back: recovery lets PostgreSQL write again', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      await cutOver(options, async () => undefined, quiet, never)
      await expect(rollBack(options, () => Promise.reject(new Error('killed')), quiet, never)).rejects.toThrow()
      await expect(write(target, `INSERT INTO log VALUES ('x')`)).rejects.toThrow('BASCULE_FENCED')
      const recovery = await recoverDatabases({ ...options, state: stateOf('on-postgresql'), workDir: source.folder }, quiet, never)
      expect([recovery, stageOf(source)]).toEqual([{ outcome: 'unchanged' }, 'moved'])
      await write(target, `INSERT INTO log VALUES ('x')`)
    })
  })

  it('killed after the flip back: recovery lets SQLite write again, and never when the record of the switch is lost', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      const onSqlite = { state: { status: 'on-sqlite' }, sourcePath: source.path, targetUrl: null, workDir: source.folder } as const
      await cutOver(options, async () => undefined, quiet, never)
      await expect(recoverDatabases(onSqlite, quiet, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
      expect(stageOf(source)).toBe('moved')
      await expect(rollBack(options, () => Promise.reject(new Error('killed')), quiet, never)).rejects.toThrow()
      expect(stageOf(source)).toBe('returning')
      await recoverDatabases(onSqlite, quiet, never)
      expect(stageOf(source)).toBeNull()
    })
  })

  it('a finished copy is discarded, twice if need be, and the target is as empty as it was', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      await discardCopy(options, quiet, never)
      await discardCopy(options, quiet, never)
      expect(stageOf(source)).toBeNull()
      const found = await write(
        target,
        `SELECT nspname FROM pg_namespace WHERE nspname = 'bascule' UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
      )
      expect(found.rows).toEqual([])
    })
  })
})
