import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ValueKind } from '@/lib/core/table-mapping'
import { copySelect, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { readCopyPages } from '@/lib/sqlite/values/copy-pages'
import { mappingOf, type TestColumn } from './round-trip'

/*
 * Pages join values as they are and prove afterwards that this was right (plain-page.ts). Here one odd value lies among
 * hundreds of ordinary ones, where only that proof can notice it; copySelect, which looks at each value, is the judge.
 */

const kinds: Readonly<Record<string, { readonly value: ValueKind; readonly ordinary: string; readonly odd: readonly string[] }>> = {
  TEXT: {
    value: { kind: 'text', maxLength: null, padded: false },
    ordinary: `'plain ' || i`,
    odd: [
      `'\\N'`,
      `'\\'`,
      `'a' || char(9)`,
      `char(10)`,
      `char(13) || 'x'`,
      `x'5c4e'`,
      `x'C3A9'`,
      'NULL',
      `''`,
      `'\\.'`,
      `'é' || char(0x2028)`,
    ],
  },
  STRING: {
    value: { kind: 'text', maxLength: null, padded: false },
    ordinary: `'plain ' || i`,
    odd: ['7', '1.5', '0.1', '1e300', `x'41'`, 'NULL', `'\\N'`, `'x' || char(9)`],
  },
  INTEGER: { value: { kind: 'integer', bits: 64 }, ordinary: 'i', odd: ['1.5', '-0.0', '1e3', 'NULL', '9223372036854775807', "' 12'"] },
  NOTYPE: { value: { kind: 'integer', bits: 32 }, ordinary: 'i', odd: ['1.5', 'NULL', '3.0', '-1'] },
  BOOLEAN: { value: { kind: 'boolean' }, ordinary: 'i % 2', odd: ['2', '-1', "'true'", "'FALSE'", '0.5', 'NULL', "x'01'"] },
  DATETIME: {
    value: { kind: 'timestamp', precision: 3, withTimeZone: false },
    ordinary: `printf('2024-%02d-%02dT10:%02d:59.%03d+00:00', 1 + i % 12, 1 + i % 28, i % 60, i % 1000)`,
    odd: [
      `'2024-02-29T00:00:00.000+00:00'`,
      `'2023-02-29T00:00:00.000+00:00'`,
      `'2024-04-31T00:00:00.000+00:00'`,
      `'2024-03-01T10:00:00.000+02:00'`,
      `'2024-03-01T10:00:00.9996+0:00'`,
      `'2024-03-01 10:00:00'`,
      `'2024-03-01T10:00:00.000Z'`,
      '1709287200000',
      '1709287200000.0',
      'NULL',
      `'2024-03-01'`,
    ],
  },
  JSONB: {
    value: { kind: 'json', binary: true },
    ordinary: `'{"n":' || i || '}'`,
    odd: ['123', '0.1', `'"a\\nb"'`, `'{"a":' || char(10) || '1}'`, `x'5B315D'`, 'NULL', `'null'`],
  },
  ROLE: {
    value: { kind: 'enum', typeName: 'Role', labels: ['USER', 'ADMIN'] },
    ordinary: `iif(i % 2, 'USER', 'ADMIN')`,
    odd: ['NULL', `x'55534552'`],
  },
  REAL: {
    value: { kind: 'float', bits: 64 },
    ordinary: 'i / 7.0',
    odd: ['9e999', '-9e999', '5e-324', '7', 'NULL', '-0.0', "'text'", "x'41'"],
  },
  BLOB: { value: { kind: 'bytes' }, ordinary: `CAST('b' || i AS BLOB)`, odd: [`'text'`, `x''`, 'NULL', `'\\x41'`] },
}

let db: Database.Database
beforeAll(() => {
  db = new Database(':memory:')
  registerCopyFunctions(db)
})
afterAll(() => {
  db.close()
})

/** Both ways, as text; SQLite writes hexadecimal in upper case, JavaScript in lower. A refusal counts as an answer. */
function outcome(read: () => Buffer): string {
  try {
    return read().toString('latin1').toLowerCase()
  } catch (error) {
    return `refused: ${String(error)}`
  }
}

it.each(Object.entries(kinds))('%s: one odd value anywhere in a page is written as it is alone', (declared, { value, ordinary, odd }) => {
  const column: TestColumn = { declared: declared === 'NOTYPE' ? '' : declared, value }
  const neighbour: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } }
  const mapping = mappingOf('page', { id: { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } }, v: column, t: neighbour }, ['id'])
  for (const [index, sql] of odd.entries()) {
    db.exec(`DROP TABLE IF EXISTS page; CREATE TABLE page (id INTEGER PRIMARY KEY, v ${column.declared}, t TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<700) INSERT INTO page SELECT i, ${ordinary}, 'neighbour ' || i FROM n;
      UPDATE page SET v = ${sql} WHERE id = ${[1, 256, 257, 699, 700][index % 5]};`)
    const pages = outcome(() => Buffer.concat([...readCopyPages(db, { ...mapping, rowidColumn: 'id' })].map((page) => page.data)))
    const query = copySelect({ ...mapping, rowidColumn: 'id' })
    const lines = outcome(() => Buffer.concat(db.prepare(query.sql).pluck().all() as Buffer[]))
    expect(comparable(pages), `${declared} ${sql}`).toBe(comparable(lines))
  }
})

/** To PostgreSQL 0 and 1 are false and true as f and t are, and an instant may have its T and its zone of zero or not. */
function comparable(text: string): string {
  const instants = text.replace(/(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d:\d\d\.\d{3})(\+00:00|z)?(?=\t)/g, '$1 $2')
  return instants.replace(/\tt\t/g, '\t1\t').replace(/\tf\t/g, '\t0\t')
}
