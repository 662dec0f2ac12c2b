import Database from 'better-sqlite3'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PostgresColumn } from '@/lib/core/catalogue'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { createPostgresDatabase, type TestPostgresDatabase } from '@/tests/support/postgres-databases'
import '@/tests/support/property-seed'
import { translateCondition } from '@/lib/schema/translate-expression'

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

/** Those that arrive, by what they show. */
const translated: Readonly<Record<string, readonly string[]>> = {
  'bits of integers': [
    '(i & 1) = 0',
    'i & 4',
    '(i | 1) > 0',
    'NOT (i & 1)',
    '(j & 3) IN (0, 1)',
    'i & 1 = 0',
    'j + 1 & 2',
    'i & 6 | 1',
    'j * 100000000 > j',
  ],
  'a number as a condition': [
    'i',
    'NOT i',
    'r',
    'n',
    'b AND NOT i',
    'b OR i',
    'i > 0 AND i',
    '1',
    '0',
    'TRUE',
    'NULL',
    'length(t)',
    'i - 1',
  ],
  'a boolean as one': [
    'b',
    'NOT b',
    'b = 1',
    'b = TRUE',
    'b IS TRUE',
    'b IS NOT FALSE',
    'b IN (0, 1)',
    'b + b = 2',
    'b BETWEEN 0 AND 1',
    'coalesce(b, 0) = 1',
  ],
  'what is true, counted': [
    '(i IS NOT NULL) + (t IS NOT NULL) = 1',
    '(i > 0) + (r > 0) >= 1',
    '(i > 0) = b',
    'b <> (i > 0)',
    '(i IS NULL) = (t IS NULL)',
  ],
  'IS TRUE of a number': ['i IS TRUE', 'i IS NOT TRUE', 'i - 1 IS FALSE', '(i > 0) IS NOT FALSE'],
  'the class of a value': [
    `typeof(i) = 'integer'`,
    `typeof(t) = 'text'`,
    `typeof(r) IN ('real', 'null')`,
    `typeof(y) = 'blob'`,
    `typeof(b) <> 'text'`,
    `typeof(i) <> 'null'`,
  ],
  patterns: [
    `t LIKE 'a%'`,
    `t NOT LIKE 'A%'`,
    `t LIKE 'a\\_b' ESCAPE '\\'`,
    `t LIKE 'ä'`,
    `t GLOB 'a*'`,
    `t NOT GLOB '*[^0-9]*'`,
    `t GLOB '[a-z][a-z]*'`,
    `u NOT LIKE '_'`,
  ],
  choices: [
    'iif(b, i > 0, i < 0)',
    'iif(b, 1, 0)',
    'CASE WHEN b THEN i > 0 ELSE 1 END',
    'CASE i WHEN 1 THEN 1 ELSE 0 END',
    'CASE WHEN i THEN b END',
    'CASE WHEN b THEN 1 ELSE 0 END = 1',
    'coalesce(b, i)',
    'ifnull(i, 0) >= 0',
  ],
  'least and greatest': ['min(i, 3) > 0', 'max(i, j) > 0', 'min(i, j, 5) = 5'],
  'tests for NULL': ['i NOT NULL', 'i NOTNULL', 'i ISNULL', 'i IS NULL OR i > 0', 't IS NULL OR length(t) > 0', 'i IS j', `t IS NOT 'a'`],
  'bounds and lists': [
    'i BETWEEN -1 AND 5',
    'i NOT BETWEEN 0 AND 1 AND b',
    `t BETWEEN 'A' AND 'a'`,
    `u IN ('user', 'ADMIN')`,
    'i NOT IN (1, 2)',
    'i IN (j, 1)',
  ],
  'texts and their length': [
    `t <> '' AND length(t) <= 50`,
    `trim(t) <> ''`,
    `lower(t) = t`,
    `instr(t, '@') > 0`,
    `t || u = 'aa'`,
    `substr(t, 1, 1) IN ('a', 'A')`,
  ],
  'numbers written as texts': [`i = '1'`, `'1' = i`, `r > '0'`, `i IN ('1', '2')`, 'n > -1', 'n BETWEEN 0 AND 1.5'],
  'division and what is left': [
    'i / 2 = 1',
    'i / j > 0',
    'i % j = 0',
    'r / 2 > 0.2',
    'abs(r) <= 1',
    'CAST(r AS INTEGER) = r',
    'j + sign(i) > 0', 'sign(r) = j',
  ],
  days: [`e >= '2000-01-01'`, `e BETWEEN '2000-01-01' AND '2024-01-02'`, 'd IS NOT NULL', 'd > d', `d IS NULL OR i > 0`],
  'what SQLite counts with doubles': ['j * 0.1 = 0.3', 'i * 1.1 > 3.3', 'j / 3.0 * 3 = j', 'length(t) * 0.1 = 0.3', '0.1 + 0.2 = 0.3'],
  'sums beyond 32 bits': [
    'abs(q) > 0',
    'coalesce(q, 0) * 2 <> 1',
    'coalesce(q, 1) + coalesce(j, 2) > 0',
    'CAST(q AS INTEGER) * 2 > 0',
    'min(q, j) - 1 < 0',
    'CASE WHEN b THEN q ELSE 1 END * 2 > 0',
    'length(t) + 2147483647 > 0',
    '(q > 0) + 2147483647 > 0',
  ],
  'sums beyond 64 bits': ['l * 2 > 0', 'l * l >= 0', 'l + 1 > 5', 'q * q * q * q > 1', 'l + l > 0'],
  'texts in the order of their bytes': [
    `substr(t, 1, 1) BETWEEN 'A' AND 'Z'`,
    `coalesce(t, '') > 'B'`,
    `(t) > 'B'`,
    `'B' < (t)`,
    `t NOT BETWEEN 'a' AND 'b'`,
    `CASE WHEN b THEN t ELSE u END >= 'a'`,
    't > u',
  ],
  'a collation that is gone': [`lower(k) = 'abc'`, `k || '' = 'abc'`, `coalesce(k, '') = 'abc'`, 'k IS NOT NULL'],
  'values of several classes': ['m > 2', 'm * 2 = 6', `s <> 'abc'`, `s IN ('x', 'abc')`, 'w = 1', 'w > 0.5'],
  json: ['json_valid(x)', `x ->> 'a' = 'k'`, `json_extract(x, '$.a') IS NULL`],
}

/** Those that stay behind: what they say in SQLite nothing says on PostgreSQL. */
const left = [
  't',
  'NOT t',
  't = 1',
  't > 5',
  'i = t',
  `i > 'a'`,
  'i << 1 > 4',
  '~i < 0',
  `x ->> 'a' = '1'`,
  't LIKE u',
  `typeof(n) = 'real'`,
  `typeof(i) = 'text'`,
  `date(t) = t`,
  `t COLLATE NOCASE = 'a'`,
  'i IN ()',
  'round(r, 2) = r',
  'i > 0 <> b',
  'n % 1 = 0',
  `d < '2024-01-02T00:00:00'`,
  `d BETWEEN '2024-01-01' AND '2024-01-02'`,
  `x = '{}'`,
  `e > 'soon'`,
  'n * 3 = 4.5',
  `i & 1 || 'a' = '1a'`,
]

/** PostgreSQL would take these, and make something else of them. */
const otherwise: Readonly<Record<string, readonly string[]>> = {
  'a text is a number beside a column of numbers only': [
    `length(t) > '5'`,
    `i + 0 = '1'`,
    `+i = '1'`,
    `abs(i) = '1'`,
    `coalesce(i, '1') = 1`,
    `nullif(i, '1') IS NULL`,
    `w = '1'`,
    `CASE w WHEN '1' THEN 1 ELSE 0 END`,
    `'1' NOT IN (i, j)`,
    `r = '0x1'`,
    `r < 'infinity'`,
    `('1')`,
    `b AND 'yes'`,
    `1 = '1'`,
  ],
  'bytes are no text': [`y <> ''`, `y = 'a'`, `coalesce(y, '') <> ''`, `CASE y WHEN 'a' THEN 1 ELSE 0 END`, `y BETWEEN 'A' AND 'z'`],
  'days and moments are texts': [
    'e - f <= 30',
    'e + 1 > f',
    'd >= e',
    `CASE d WHEN '2024-01-02T10:00:00Z' THEN 1 ELSE 0 END`,
    `d || '' <> ''`,
  ],
  'numbers are written otherwise': [`r || '' = '1.0'`, `n || '' = '1.5'`, `t || 1.50 = '101.5'`, `t || 1e2 <> ''`],
  'the column ignores case': [`(k) = 'abc'`, `CAST(k AS TEXT) = 'abc'`, `nullif(k, 'abc') IS NULL`, `CASE k WHEN 'abc' THEN 1 ELSE 0 END`],
  'JSON has more classes than text': [
    `x ->> 'a' = 'true'`,
    `x ->> 'a' < 'b'`,
    `x ->> 'a' = '{"b":2}'`,
    `length(x ->> 'a') > 1`,
    `x ->> 'a' = t`,
    `json_extract(x, '$.a', '$.b') IS NOT NULL`,
    `x ->> '$.0' IS NOT NULL`,
    `x ->> '$[0]' IS NOT NULL`,
  ],
  'what is joined comes before what stands in JSON': [`t || x ->> 'a' = 'k'`, `u || x ->> 'a' IS NULL`, `-x ->> 'a' IS NULL`],
  'tests bind otherwise': [`t LIKE 'a%' = i IN (1, 2)`, 'i = j IN (0, 1)', 'b = i BETWEEN 0 AND 1', 'i IS j = b', `i > 0 IN (0, 1)`],
  'bytes may be JSON of SQLite’s own': ['json_valid(y)', 'NOT json_valid(y)'],
  'the class depends on the row': ['m / 2 = 1', 'coalesce(m, 0) / 2 = 1', `s > '5'`, `s = '01'`, `s = t`, 'coalesce(r, i) / 2 = 1'],
  'doubles hold 53 bits': [
    'l = r',
    'l > r',
    'CAST(l AS REAL) = l',
    'round(l) = l',
    'coalesce(l, r) = 9007199254740993',
    'r = 9007199254740993',
    'i % 2.5 = 1',
  ],
  'a pattern that PostgreSQL refuses, or that is put together': [
    `t LIKE 'a!' ESCAPE '!'`,
    `t GLOB '[z-a]'`,
    `t GLOB 'a' || '*'`,
    `t LIKE '%' || '\\' || '%'`,
  ],
  'what is true is joined as that': [`(b) || t = '1a'`, `CASE WHEN i THEN b END || t = '1a'`],
  'more than three parts': ['iif(b, i > 1, j, i > 0, 0)'],
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
    expect(translateCondition(`trim(t) < 'a'`, scope)).toBe(`btrim("t") < ('a' COLLATE "C")`)
    expect(translateCondition(`'B' BETWEEN t AND u`, scope)).toBeNull()
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
