import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { SqliteTable } from '@/lib/core/catalogue'
import type { ValueKind } from '@/lib/core/table-mapping'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { sourceValue } from './canonical-value'
import { readChunks } from './source-chunks'
import type { ReadRequest, SourceChunk } from './source-protocol'
import { SourceRows } from './source-rows'

const large = 6 * 1024 * 1024
const mebibyte = 1024 * 1024
const text: ValueKind = { kind: 'text', maxLength: null, padded: false }
const decimal: ValueKind = { kind: 'decimal', precision: null, scale: null }

/** Every kind of long value twice in each table, among short ones; together more than a file that is read without asking. */
const values = `INSERT INTO t SELECT k, CASE n % 4 WHEN 1 THEN replace(hex(zeroblob(${large / 6})), '00', 'é😀') WHEN 2 THEN 'short' END,
    CASE n % 4 WHEN 3 THEN zeroblob(${large}) WHEN 0 THEN x'00ff' END, n FROM keys;`

interface Case {
  readonly name: string
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be'
  readonly create: string
  readonly keys: readonly string[]
  readonly key: ReadRequest['key']
}

const key = (directClass: 'integer' | 'text' | null, value: ValueKind, isRowid = false) => [{ name: 'k', directClass, value, isRowid }]
const cases: readonly Case[] = [
  {
    name: 'texts in a key of INTEGER affinity',
    encoding: 'UTF-8',
    create: 'CREATE TABLE t (k INT PRIMARY KEY, v TEXT, b BLOB, n INT)',
    keys: [`'10a'`, '9', `'2'`, `'b'`, `'a'`, '100'],
    key: key('text', text),
  },
  {
    name: 'texts in UTF-16le',
    encoding: 'UTF-16le',
    create: 'CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT, b BLOB, n INT)',
    keys: [`'a'`, `'Ā'`, `'é'`, `'😀'`, `'￮'`, `'b'`],
    key: key('text', text),
  },
  {
    name: 'texts in UTF-16be, WITHOUT ROWID, without case',
    encoding: 'UTF-16be',
    create: 'CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v TEXT, b BLOB, n INT) WITHOUT ROWID',
    keys: [`'a'`, `'Z'`, `'é'`, `'😀'`, `'￮'`, `'B'`],
    key: key('text', text),
  },
  {
    name: 'numbers in UTF-16le',
    encoding: 'UTF-16le',
    create: 'CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT, b BLOB, n INT)',
    keys: ['3', '-1', '2', '70', '5', '6'],
    key: key('integer', { kind: 'integer', bits: 64 }, true),
  },
  {
    name: 'decimals that are one as doubles',
    encoding: 'UTF-8',
    create: 'CREATE TABLE t (k DECIMAL PRIMARY KEY, v TEXT, b BLOB, n INT)',
    keys: ['9007199254740993', '-9007199254740993', '9007199254740992', '-9007199254740992', '0.5', '-0.25'],
    key: key(null, decimal),
  },
  {
    name: 'no key, in UTF-16be',
    encoding: 'UTF-16be',
    create: 'CREATE TABLE t (k TEXT, v TEXT, b BLOB, n INT)',
    keys: [`'a'`, `'b'`, `'c'`, `'d'`, `'e'`, `'f'`],
    key: [],
  },
]

/** As PostgreSQL orders them: numbers by size, texts by the bytes of UTF-8. */
function ordered({ key: [part] }: Case, keys: readonly string[]): readonly string[] {
  if (part === undefined) return keys
  const bytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))
  const size = (one: string, other: string) => {
    const [left, right] = [Number(one), Number(other)]
    return left === right ? Number(BigInt(one) - BigInt(other)) : left - right
  }
  return [...keys].sort(part.value.kind === 'text' ? bytes : size)
}

describe('rows of megabytes that SQLite does not keep in the order of the target', () => {
  it.each(cases)('are read in pieces and in order: $name', async (one) => {
    const db = new Database(':memory:')
    db.pragma(`encoding = '${one.encoding}'`)
    const keys = one.keys.map((sql, n) => `SELECT ${sql} AS k, ${n} AS n`).join(' UNION ALL ')
    db.exec(`${one.create}; CREATE TEMP VIEW keys AS ${keys}; ${values}`)
    const table = readSqliteCatalogue(db).tables.find(({ name }) => name === 't') as SqliteTable
    const columns = table.columns.map(({ name, declaredType }) => ({ name, declaredType }))
    const request: ReadRequest = { table: 't', columns, key: one.key, withoutRowid: table.withoutRowid }
    let largest = 0
    async function* chunks(): AsyncGenerator<SourceChunk, void> {
      for (const chunk of readChunks(db, table, request)) {
        largest = Math.max(largest, chunk.bytes.length)
        yield chunk
      }
    }
    const rows = new SourceRows(chunks(), columns.length + (one.key.length === 0 ? 1 : 0))
    const expected = db.prepare('SELECT k, v, b, n FROM t WHERE CAST(k AS TEXT) = ?').raw().safeIntegers()
    const found: string[] = []
    for (let step = rows.next(); step !== 'end'; step = rows.next()) {
      if (step === 'wait') {
        await rows.load()
        continue
      }
      const read = columns.map((_, column) => sourceValue(rows.row, column))
      found.push(String(read[0]))
      const stored = expected.get(String(read[0])) as unknown[]
      expect(read.map(short)).toEqual(stored.map(short))
      expect(read.every((value, at) => isSame(value, stored[at]))).toBe(true)
    }
    const all = db.prepare('SELECT CAST(k AS TEXT) FROM t ORDER BY n').pluck().all() as string[]
    expect(found).toEqual(ordered(one, all))
    expect(largest).toBeLessThanOrEqual(4 * mebibyte)
    db.close()
  })
})

function isSame(one: unknown, other: unknown): boolean {
  return Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : one === other
}

/** What a failure prints. */
function short(value: unknown): string {
  const whole = Buffer.isBuffer(value) ? value.subarray(0, 20).toString('hex') : String(value)
  return `${typeof value} ${whole.slice(0, 20)} ${Buffer.isBuffer(value) || typeof value === 'string' ? value.length : ''}`
}
