import { expect, inject, it } from 'vitest'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { CopiedChunk } from '@/lib/postgres/copy-mark'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { boundsOf, type ChunkedTable, cutTable } from './chunks'
import { copyTables } from './copy-tables'
import { migrate } from './testing/repaired-migration'
import type { TaskPool } from './threads/task-pool'
import type { TaskInput } from './threads/tasks'

const never = new AbortController().signal
const rowsOfChunk = 10_000

function tableOf(table: string, chunks: number, rows = chunks * rowsOfChunk): ChunkedTable {
  const mapping: TableMapping = { table, targetSchema: 'public', columns: [], primaryKey: ['id'], withoutRowid: false, rowidColumn: 'id' }
  const cuts = Array.from({ length: chunks - 1 }, (_, index) => [(index + 1) * rowsOfChunk])
  return { table, rows, chunks: cutTable(mapping, { rows, cuts, mayNeedPieces: false }) }
}

/** What each chunk was copied as, and which of its table were copied beside it, with a pool that copies nothing. */
async function copiedAs(tables: readonly ChunkedTable[], copied: readonly CopiedChunk[]): Promise<readonly string[]> {
  const log: string[] = []
  const running = new Set<string>()
  const run = async (_: 'copy', { chunk, isFrozen }: TaskInput<'copy'>) => {
    const name = `${chunk.mapping.table}${chunk.number}`
    const beside = [...running].filter((other) => other[0] === name[0])
    log.push(`${name}${isFrozen ? ' frozen' : ''}${beside.length > 0 ? ` beside ${beside.join()}` : ''}`)
    running.add(name)
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
    running.delete(name)
    return { rows: rowsOfChunk, bytes: 1 }
  }
  const pool = { run, size: 2, close: async () => undefined } as unknown as TaskPool
  const given = { path: '', targetUrl: '', applicationName: '', isUtf16: false, epoch: 0, halt: never, onChunk: () => undefined }
  await copyTables(tables, pool, { ...given, copied }, () => undefined)
  return log
}

it('the first chunk of a large table is written frozen, and has the table for itself', async () => {
  expect(await copiedAs([tableOf('a', 4), tableOf('b', 3), tableOf('c', 1, 9_999)], [])).toEqual([
    'a0 frozen',
    'b0 frozen',
    'a1',
    'a2 beside a1',
    'a3 beside a2',
    'b1',
    'b2 beside b1',
    'c0',
  ])
})

it('no chunk waits for another where there is nothing else to copy meanwhile', async () => {
  expect(await copiedAs([tableOf('a', 3), tableOf('b', 1, 9_000)], [])).toEqual(['a0', 'a1 beside a0', 'a2 beside a1', 'b0'])
})

it('no table that holds rows already is emptied to be frozen, whichever of its chunks they are', async () => {
  const [a, b] = [tableOf('a', 3), tableOf('b', 3)]
  const chunk = a.chunks[1] ?? expect.fail()
  const there = { table: 'a', chunk: 1, bounds: boundsOf(chunk), rows: rowsOfChunk, bytes: 1 }
  const log = await copiedAs([a, b], [there])
  expect(log.filter((line) => line.includes('frozen'))).toEqual(['b0 frozen'])
  expect(log.map((line) => line.slice(0, 2)).sort()).toEqual(['a0', 'a2', 'b0', 'b1', 'b2'])
})

it.each([...inject('postgresServers')])('every page of a table of one chunk is marked as seen by all on $name', async (server) => {
  await using source = await createSqliteDatabase(`CREATE TABLE event (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO event SELECT i, 'event ' || i FROM n`)
  await using target = await createPostgresDatabase(server)
  const result = await migrate(source, target, [])
  expect(result.error).toBeUndefined()
  await withPostgres(target.url, async (client) => {
    const { rows } = await client.query('SELECT count(*)::int AS rows, sum(id)::int AS sum FROM event')
    expect(rows).toEqual([{ rows: 30_000, sum: 450_015_000 }])
    // Later releases make some empty pages in advance, behind those that hold rows.
    const pages = await client.query(
      `SELECT relallvisible > 100 AS many, relallvisible = (SELECT count(DISTINCT (ctid::text::point)[0]) FROM event) AS all
       FROM pg_class WHERE relname = 'event'`,
    )
    expect(pages.rows).toEqual([{ many: true, all: true }])
  })
})
