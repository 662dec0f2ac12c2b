import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { TableMapping } from '@/lib/core/table-mapping'
import { checkTable } from './check-values'
import { readCopyPages } from './copy-pages'
import { endOfSlice, type KeyValue, rowKeyOf } from './row-range'

const bytes = { value: { kind: 'bytes' }, nullable: false, generated: false, sourceType: 'BLOB' } as const
const mapping: TableMapping = {
  table: 't',
  targetSchema: 'public',
  primaryKey: ['k'],
  withoutRowid: true,
  rowidColumn: null,
  columns: [{ name: 'k', ...bytes }],
}

/** Keys of a BLOB column that holds texts, every third of which is no UTF-8: JavaScript sees U+FFFD, which sorts elsewhere. */
function createKeys(count: number, isValid: (number: number) => boolean) {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE t (k BLOB PRIMARY KEY) WITHOUT ROWID')
  const insert = db.prepare('INSERT INTO t VALUES (CAST(? AS TEXT))')
  const keys = Array.from({ length: count }, (_, number) => {
    const start = isValid(number) ? Buffer.from('k') : Buffer.from([0xf0 + (number % 10)])
    return Buffer.concat([start, Buffer.from(String(number))])
  })
  for (const key of keys) insert.run(key)
  return { db, lines: keys.map((key) => `\\\\x${key.toString('hex')}`).sort() }
}

describe.each([
  ['some keys', 2000, (number: number) => number % 3 > 0],
  ['no key', 2000, () => false],
  ['all keys', 2000, () => true],
] as const)('a table of which %s can be told apart in JavaScript', (_, count, isValid) => {
  it('is cut into slices that end, and miss and repeat nothing', () => {
    const { db } = createKeys(count, isValid)
    const key = rowKeyOf(mapping)
    const seen = (after: KeyValue[] | undefined, upTo: KeyValue[] | undefined) => {
      const conditions = [...(after ? ['k > ?'] : []), ...(upTo ? ['k <= ?'] : [])]
      const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
      return Number(
        db
          .prepare(`SELECT count(*) FROM t${where}`)
          .pluck()
          .get(...(after ?? []), ...(upTo ?? [])),
      )
    }
    let rows = 0
    let after: KeyValue[] | undefined
    for (let slices = 0; slices <= count; slices += 1) {
      const end = endOfSlice(db, mapping, key, after === undefined ? {} : { after }, 7)
      if (end === null) break
      rows += seen(after, end === 'rest' ? undefined : end)
      if (end === 'rest') break
      after = end
    }
    expect(rows).toBe(count)
  })

  it('is checked, and copied whole', () => {
    const { db, lines } = createKeys(count, isValid)
    // A BLOB among the texts makes the check look for keys that become equal; none does.
    db.exec("INSERT INTO t VALUES (x'00')")
    expect(checkTable(db, mapping, { sliceRows: 50 })).toMatchObject([{ code: 'BYTES_FROM_TEXT', count }])
    db.exec("DELETE FROM t WHERE k = x'00'")
    const data = Buffer.concat([...readCopyPages(db, mapping)].map((page) => page.data))
    expect(data.toString('latin1').toLowerCase().split('\n').slice(0, -1).sort()).toEqual(lines)
  })
})
