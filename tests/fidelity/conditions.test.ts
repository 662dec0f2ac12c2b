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
]
const declaredTypes = new Map(columns.map(([name, declared]) => [name, declared]))

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
  const sql = translateCondition(expression, { columns: targetColumns, declaredTypes })
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
    'i + 1 & 2',
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
  'division and what is left': ['i / 2 = 1', 'i / j > 0', 'i % j = 0', 'r / 2 > 0.2', 'abs(r) <= 1', 'CAST(r AS INTEGER) = r'],
  days: [`e >= '2000-01-01'`, `e BETWEEN '2000-01-01' AND '2024-01-02'`, 'd IS NOT NULL', 'd > d', `d IS NULL OR i > 0`],
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

describe('a condition of SQLite on PostgreSQL', () => {
  it.each(Object.entries(translated))('%s', async (_, expressions) => {
    for (const expression of expressions) expect([expression, await askPostgres(expression)]).toEqual([expression, askSqlite(expression)])
  })

  it('is left behind where nothing says the same', async () => {
    for (const expression of left) expect([expression, await askPostgres(expression)]).toEqual([expression, null])
  })

  it('means the same wherever it is taken, however it is put together', async () => {
    let taken = 0
    const { condition } = fc.letrec<{ number: string; condition: string }>((tie) => ({
      number: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom('i', 'j', 'b', '1', '0', '2', '-1', 'length(t)', 'n'),
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
        fc.constantFrom('b', 'i', 't IS NULL', `t LIKE 'a%'`, `t NOT GLOB '*[^a-z]*'`, 'i IN (0, 1, NULL)', `u <> 'a'`, `t < 'b'`),
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
