import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { TableMapping } from '@/lib/core/table-mapping'
import { rangeClause, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { boundsOf, cutTable } from '../chunks'
import { measureTable } from './measure-table'

const limits = { rows: 1000, bytes: 1024 * 1024 }

/** Rows of each chunk that a table is cut into, and whether they are all of its rows, each once. */
function chunksOf(sql: string, mapping: Partial<TableMapping> & { readonly table: string }) {
  const db = new Database(':memory:')
  db.exec(sql)
  const whole: TableMapping = {
    targetSchema: 'public',
    columns: [],
    primaryKey: [],
    withoutRowid: false,
    rowidColumn: null,
    ...mapping,
  }
  const extent = measureTable(db, whole, limits)
  const key = rowKeyOf(whole)
  const counts = cutTable(whole, structuredClone(extent)).map(({ after, upTo }) => {
    const clause = rangeClause(key, { ...(after && { after }), ...(upTo && { upTo }) })
    return Number(
      db
        .prepare(`SELECT count(*) FROM "${whole.table}" AS t${clause.where}`)
        .pluck()
        .get(...clause.params),
    )
  })
  db.close()
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(extent.rows)
  return counts
}

const numbers = (count: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${count})`

describe('chunks of a table', () => {
  it('by rowid, at equal distances', () => {
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); ${numbers(3500)} INSERT INTO t SELECT i - 100, 'x' FROM n`
    expect(chunksOf(sql, { table: 't', rowidColumn: 'id', primaryKey: ['id'] })).toEqual([875, 875, 875, 875])
  })

  it('by the rows where rowids lie in heaps', () => {
    const sql = `CREATE TABLE t (v TEXT); ${numbers(2500)} INSERT INTO t (rowid, v) SELECT i, 'x' FROM n; INSERT INTO t (rowid, v) VALUES (9223372036854775807, 'y'), (-9223372036854775808, 'z')`
    expect(chunksOf(sql, { table: 't' })).toEqual([834, 834, 834])
  })

  it('by the primary key of WITHOUT ROWID: texts of any case, BLOBs, several columns', () => {
    const texts = `CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v TEXT) WITHOUT ROWID; ${numbers(2500)} INSERT INTO t SELECT CASE i % 2 WHEN 0 THEN 'A' ELSE 'a' END || i, 'x' FROM n`
    expect(chunksOf(texts, { table: 't', withoutRowid: true, primaryKey: ['k'] })).toEqual([834, 834, 832])
    const blobs = `CREATE TABLE t (k BLOB PRIMARY KEY) WITHOUT ROWID; ${numbers(2500)} INSERT INTO t SELECT unhex(printf('%08x', i * 7919)) FROM n`
    expect(chunksOf(blobs, { table: 't', withoutRowid: true, primaryKey: ['k'] })).toEqual([834, 834, 832])
    const pairs = `CREATE TABLE t (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID; ${numbers(2500)} INSERT INTO t SELECT i % 3, 'x' || i FROM n`
    expect(chunksOf(pairs, { table: 't', withoutRowid: true, primaryKey: ['a', 'b'] })).toEqual([834, 834, 832])
  })

  it('by bytes where the rows are large, however few they are', () => {
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB); ${numbers(20)} INSERT INTO t SELECT i, zeroblob(300000) FROM n`
    const counts = chunksOf(sql, { table: 't', rowidColumn: 'id', primaryKey: ['id'] })
    expect(counts).toHaveLength(6)
    expect(Math.max(...counts)).toBeLessThanOrEqual(4)
    const one = 'CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB); INSERT INTO t VALUES (1, zeroblob(9000000))'
    expect(chunksOf(one, { table: 't', rowidColumn: 'id', primaryKey: ['id'] })).toEqual([1])
  })

  it('an empty table, and one that hides its rowid, are one chunk', () => {
    expect(chunksOf('CREATE TABLE t (id INTEGER PRIMARY KEY)', { table: 't', rowidColumn: 'id', primaryKey: ['id'] })).toEqual([0])
    const column = (name: string) => ({
      name,
      sourceType: 'TEXT',
      nullable: true,
      generated: false,
      value: { kind: 'text', maxLength: null, padded: false } as const,
    })
    const hidden = `CREATE TABLE t (rowid TEXT, oid TEXT, _rowid_ TEXT); ${numbers(2500)} INSERT INTO t SELECT i, i, i FROM n`
    expect(chunksOf(hidden, { table: 't', columns: ['rowid', 'oid', '_rowid_'].map(column) })).toEqual([2500])
  })

  it('bounds are written alike whatever thread they come from', () => {
    const chunk = { after: [Buffer.from('ab')], upTo: [5n, 'x'] }
    expect(boundsOf(chunk)).toBe('[["6162"],["5","x"]]')
    expect(boundsOf(structuredClone(chunk))).toBe(boundsOf(chunk))
    expect(boundsOf({ after: null, upTo: null })).toBe('[null,null]')
  })
})
