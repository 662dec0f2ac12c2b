import Database from 'better-sqlite3'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PostgresColumn } from '@/lib/core/catalogue'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { createPostgresDatabase, type TestPostgresDatabase } from '@/tests/support/postgres-databases'
import '@/tests/support/property-seed'
import { translateCondition, translateExpression } from '@/lib/schema/translate-expression'
import { left, otherwise, translated } from './condition-cases'

/** Each column in both dialects, with values that its own rules would let in. */
const columns: readonly (readonly [name: string, declared: string, type: string, values: readonly unknown[]])[] = [
  ['i', 'INTEGER', 'bigint', [null, 0, 1, 2, -1, 3, 7, -5, 1_000_000]],
  ['j', 'INT', 'integer', [null, 0, 1, 2, -3, 100]],
  ['b', 'BOOLEAN', 'boolean', [null, 0, 1]],
  ['r', 'REAL', 'double precision', [null, 0, 0.5, 1, -0.5, 2.5, 1e300]],
  ['t', 'TEXT', 'text', [null, '', 'a', 'A', 'abc', 'ABC', 'a_b', 'a%b', 'ä', 'Ä', '10', '9', ' x ', 'é\n', 'a\\b', 'x@y.z']],
  ['u', 'VARCHAR(50)', 'varchar(50)', [null, '', 'a', 'Ab', 'user', 'ADMIN']],
  ['d', 'DATETIME', 'timestamp(3)', [null, '2024-01-02T10:00:00.000Z', '2024-01-03T00:00:00.000Z']],
  ['e', 'DATE', 'date', [null, '2024-01-02', '1999-12-31']],
  ['n', 'DECIMAL(10,2)', 'numeric(10,2)', [null, 0, 1, 1.5, -2]],
  ['x', 'JSON', 'jsonb', [null, '{"a":1}', '{"a":"k"}', '[]']],
  ['y', 'BLOB', 'bytea', [null, Buffer.from(''), Buffer.from('a')]],
  ['l', 'BIGINT', 'bigint', [null, 0, 9007199254740993n, 9223372036854775807n, -9223372036854775807n]],
  ['q', 'INT', 'integer', [null, 0, 3, 2147483647, -2147483648]],
  ['f', 'DATE', 'date', ['2024-01-01', null, '1999-12-31']],
  // Without a model these have the types that hold their values.
  ['w', '', 'integer', [null, 0, 1, 2, 10]],
  ['m', 'INTEGER', 'double precision', [null, 1, 2.5, 3, -7]],
  ['s', 'STRING', 'text', [null, 'abc', 'x', 10, 9]],
  ['k', 'TEXT COLLATE NOCASE', 'text', [null, 'abc', 'ABC', 'x']],
  ['p', 'TEXT', 'numeric(10,2)', [null, '30', '5', '100']],
]
const declaredTypes = new Map(columns.map(([name, declared]) => [name, declared.replace(/ COLLATE.*/, '')]))
const otherCollations = new Set(['k'])

/** Every value of every column, beside others by turns. */
const rows = Array.from({ length: 48 }, (_, row) =>
  columns.map(([, , , values], column) => values[(row * (column + 1) + (row >> 3)) % values.length] ?? null),
)

const sqlite = new Database(':memory:')
sqlite.exec(`CREATE TABLE t (${columns.map(([name, declared]) => `${name} ${declared}`).join(', ')})`)
for (const row of rows) sqlite.prepare(`INSERT INTO t VALUES (${row.map(() => '?').join(', ')})`).run(row)

let target: TestPostgresDatabase
let client: pg.Client
let targetColumns: readonly PostgresColumn[]

beforeAll(async () => {
  const server = inject('postgresServers').at(-1)
  if (!server) throw new Error('There is no server to ask.')
  target = await createPostgresDatabase(server)
  client = new pg.Client(target.url)
  await client.connect()
  await client.query(
    `CREATE TABLE t (place serial, ${columns.map(([name, , type]) => `${name} ${type}`).join(', ')}); CREATE TABLE empty (LIKE t)`,
  )
  const places = columns.map((_, column) => `$${column + 1}`).join(', ')
  const names = columns.map(([name]) => name).join(', ')
  for (const row of rows) await client.query(`INSERT INTO t (${names}) VALUES (${places})`, row)
  targetColumns = (await readPostgresCatalogue(client, 'public')).tables.find(({ name }) => name === 't')?.columns ?? []
})
afterAll(async () => {
  sqlite.close()
  await client.end()
  await target.drop()
})

/** True, false or unknown for each row; null where the expression is left behind, by us or by the server. */
async function askPostgres(expression: string): Promise<readonly (boolean | null)[] | null> {
  const sql = translateCondition(expression, { columns: targetColumns, declaredTypes, otherCollations })
  if (sql === null) return null
  await client.query('BEGIN')
  const isTaken = await client.query(`ALTER TABLE empty ADD CHECK (${sql})`).then(
    () => true,
    () => false,
  )
  await client.query('ROLLBACK')
  if (!isTaken) return null
  const { rows: found } = await client.query<{ truth: boolean | null }>(`SELECT (${sql}) AS truth FROM t ORDER BY place`)
  return found.map(({ truth }) => truth)
}

function askSqlite(expression: string): readonly (boolean | null)[] {
  const sql = `SELECT CASE WHEN (${expression}) THEN 1 WHEN NOT (${expression}) THEN 0 END FROM t ORDER BY rowid`
  return sqlite
    .prepare(sql)
    .pluck()
    .all()
    .map((truth) => (truth === null ? null : truth === 1))
}

describe('a condition of SQLite on PostgreSQL', () => {
  it.each(Object.entries(translated))('%s', async (_, expressions) => {
    for (const expression of expressions) expect([expression, await askPostgres(expression)]).toEqual([expression, askSqlite(expression)])
  })

  it('is left behind where nothing says the same', async () => {
    for (const expression of left) expect([expression, await askPostgres(expression)]).toEqual([expression, null])
  })

  it.each(Object.entries(otherwise))('is left behind: %s', async (_, expressions) => {
    for (const expression of expressions) expect([expression, await askPostgres(expression)]).toEqual([expression, null])
  })

  it('orders texts by their bytes, whatever the language of the database', () => {
    const scope = { columns: targetColumns, declaredTypes }
    expect(translateCondition(`trim(t) < 'a'`, scope)).toBe(`btrim("t") COLLATE "C" < 'a'`)
    expect(translateCondition(`'B' BETWEEN t AND u`, scope)).toBe(`'B' COLLATE "C" BETWEEN "t" AND "u"`)
  })

  it('orders the texts of UTF-8 alone', () => {
    const scope = { columns: targetColumns, declaredTypes, isUtf16: true }
    for (const order of [`t > 'b'`, `t BETWEEN 'a' AND 'z'`, `CASE WHEN t <= u THEN 1 ELSE 0 END = 1`])
      expect(translateCondition(order, scope)).toBeNull()
    for (const equal of [`t = 'b'`, `t IN ('a', 'b')`, `length(t) > 2`, 'i > 2']) expect(translateCondition(equal, scope)).not.toBeNull()
  })

  it('counts the keys of a unique index as SQLite does, and keeps an index from refusing rows', () => {
    const scope = { columns: targetColumns, declaredTypes }
    expect(translateExpression('j * 0.1 + q * 0.3', scope, 'key')?.sql).toBe(
      '(("j")::bigint * 0.1::double precision) + (("q")::bigint * 0.3::double precision)',
    )
    expect(translateExpression('j / q', scope, 'key')?.sql).toBe('("j")::bigint / nullif(("q")::bigint, 0)')
    for (const beyond of ['l + i', 'l / i', 'n * 2']) expect(translateExpression(beyond, scope, 'key')).toBeNull()
    for (const narrow of ['j / q', 'j + q', '-q']) expect(translateExpression(narrow, scope, 'index')).toBeNull()
    expect(translateExpression('j / 2', scope, 'index')?.sql).toBe('"j" / 2')
  })

  it('means the same wherever it is taken, however it is put together', async () => {
    let taken = 0
    const { condition } = fc.letrec<{ number: string; condition: string }>((tie) => ({
      number: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom('i', 'j', 'b', '1', '0', '2', '-1', 'length(t)', 'n', 'q', 'w', 'm', 'r', '0.5', `'1'`),
        fc.tuple(tie('number'), fc.constantFrom('+', '-', '*', '&', '|', '/', '%'), tie('number')).map((parts) => parts.join(' ')),
        tie('number').map((number) => `(${number})`),
        tie('condition').map((one) => `(${one})`),
        fc
          .tuple(fc.constantFrom('min', 'max', 'coalesce', 'ifnull'), tie('number'), tie('number'))
          .map(([name, one, other]) => `${name}(${one}, ${other})`),
        fc
          .tuple(tie('condition'), tie('number'), tie('number'))
          .map(([when, one, other]) => `CASE WHEN ${when} THEN ${one} ELSE ${other} END`),
      ),
      condition: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom(
          'b',
          'i',
          't IS NULL',
          `t LIKE 'a%'`,
          `t NOT GLOB '*[^a-z]*'`,
          'i IN (0, 1, NULL)',
          `u <> 'a'`,
          `t < 'b'`,
          `s = '1'`,
          `(k) = 'abc'`,
        ),
        fc.tuple(tie('number'), fc.constantFrom('=', '<>', '<', '>=', 'IS', 'IS NOT'), tie('number')).map((parts) => parts.join(' ')),
        fc.tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition')).map((parts) => parts.join(' ')),
        tie('condition').map((one) => `NOT ${one}`),
        tie('condition').map((one) => `(${one})`),
        fc.tuple(tie('condition'), fc.constantFrom('IS TRUE', 'IS NOT TRUE', 'IS FALSE', 'IS NULL')).map((parts) => parts.join(' ')),
        fc.tuple(tie('number'), tie('number'), tie('number')).map(([one, low, high]) => `${one} BETWEEN ${low} AND ${high}`),
        fc.tuple(tie('condition'), tie('condition'), tie('condition')).map((parts) => `iif(${parts.join(', ')})`),
        tie('number'),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(condition, async (expression) => {
        const found = await askPostgres(expression)
        if (found === null) return
        taken++
        expect(found).toEqual(askSqlite(expression))
      }),
      { numRuns: 600 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})
