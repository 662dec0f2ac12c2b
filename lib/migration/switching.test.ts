import { readFile } from 'node:fs/promises'
import { describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from './cut-over'
import { discardCopy } from './discard-copy'
import { migrateDatabase } from './migrate-database'
import { recoverDatabases } from './recover'
import { previewRollback, rollBack } from './roll-back'

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
  it('goes to PostgreSQL and back, and says exactly what stays behind', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      const flips: string[] = []
      await cutOver(options, async () => void flips.push('over'), quiet, never)
      expect([flips, stageOf(source)]).toEqual([['over'], 'moved'])
      await expect(discardCopy(options, quiet, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
      expect(await previewRollback(options)).toEqual({ total: 0, tables: [] })
      await write(target, `INSERT INTO item (v) VALUES ('five'), ('six')`)
      await write(
        target,
        `UPDATE item SET v = 'TWO' WHERE id = 2; UPDATE item SET v = 'Two' WHERE id = 2; DELETE FROM item WHERE v = 'six'`,
      )
      await write(target, `DELETE FROM item WHERE id = 3; UPDATE item SET id = 44 WHERE id = 4; INSERT INTO log VALUES ('second')`)
      expect(await previewRollback(options)).toEqual({
        total: 6,
        tables: [
          { table: 'item', inserted: 2, updated: 1, deleted: 2 },
          { table: 'log', inserted: 1, updated: 0, deleted: 0 },
        ],
      })
      await expect(
        rollBack({ ...options, acknowledgedChanges: 5 }, async () => void flips.push('back'), quiet, never),
      ).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
      })
      expect(flips).toEqual(['over'])
      await write(target, `UPDATE item SET v = 'one!' WHERE id = 1`)
      const back = await rollBack(
        { ...options, acknowledgedChanges: 7, workDir: source.folder },
        async () => void flips.push('back'),
        quiet,
        never,
      )
      expect([flips, back.total, stageOf(source)]).toEqual([['over', 'back'], 7, null])
      await expect(write(target, `INSERT INTO item (v) VALUES ('late')`)).rejects.toThrow('BASCULE_FENCED')
      await expect(write(target, 'TRUNCATE log')).rejects.toThrow('BASCULE_FENCED')
      const lines = (await readFile(back.leftBehindFile ?? '', 'utf8')).trimEnd().split('\n')
      expect(lines.map((line) => JSON.parse(line))).toEqual(
        expect.arrayContaining([
          { table: 'item', operation: 'updated', key: { id: 1 } },
          { table: 'item', operation: 'updated', key: { id: 2 } },
          { table: 'item', operation: 'deleted', key: { id: 3 } },
          { table: 'item', operation: 'deleted', key: { id: 4 } },
          { table: 'item', operation: 'inserted', key: { id: 44 } },
          { table: 'item', operation: 'inserted', key: { id: 5 } },
          { table: 'log', operation: 'inserted', key: null },
        ]),
      )
      expect(lines).toHaveLength(7)
      const db = openSqlite(source.path)
      db.exec(`INSERT INTO item (v) VALUES ('on sqlite again')`)
      db.close()
    })
  })

  it('counts every row that TRUNCATE takes', async () => {
    await withCopy(server, async (source, target) => {
      const options = { sourcePath: source.path, targetUrl: target.url, jobId }
      await cutOver(options, async () => undefined, quiet, never)
      await write(target, 'TRUNCATE item')
      expect(await previewRollback(options)).toEqual({ total: 4, tables: [{ table: 'item', inserted: 0, updated: 0, deleted: 4 }] })
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
      const options = { sourcePath: source.path, targetUrl: target.url, jobId, acknowledgedChanges: 0 }
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
      const options = { sourcePath: source.path, targetUrl: target.url, jobId, acknowledgedChanges: 0 }
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
