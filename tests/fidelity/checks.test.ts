import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '@/lib/core/finding'
import type { TableMapping } from '@/lib/core/table-mapping'
import { checkSlices, checkTable } from '@/lib/sqlite/values/check-values'
import { expectWorded } from '@/tests/support/worded-findings'
import { mappingOf, openPair, type Pair, type TestColumn } from './round-trip'

let pair: Pair
beforeAll(async () => {
  pair = await openPair()
})
afterAll(() => pair.close())

const text: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } }
const int: TestColumn = { declared: 'INTEGER', value: { kind: 'integer', bits: 32 } }
const dateTime: TestColumn = { declared: 'DATETIME', value: { kind: 'timestamp', precision: 3, withTimeZone: false } }

function check(sql: string, mapping: TableMapping, options = {}): Finding[] {
  pair.sqlite.exec(`DROP TABLE IF EXISTS "${mapping.table}"; ${sql}`)
  const findings = checkTable(pair.sqlite, mapping, options)
  expectWorded(findings)
  return findings
}

describe('the check of a table', () => {
  it('23: a NaN is stored as NULL and refused in a required column, with its row', () => {
    const mapping = {
      ...mappingOf('t', { id: int, f: { declared: 'REAL', value: { kind: 'float', bits: 64 }, nullable: false } }, ['id']),
      rowidColumn: 'id',
    }
    expect(
      check('CREATE TABLE t (id INTEGER PRIMARY KEY, f REAL); INSERT INTO t VALUES (4, 9e999 - 9e999), (5, 1.5)', mapping),
    ).toMatchObject([{ code: 'NULL_IN_REQUIRED', severity: 'blocks', column: 'f', key: { id: '4' }, count: 1, shape: 'null' }])
  })

  it('45: NULL in a text primary key is refused', () => {
    const mapping = mappingOf('t', { id: text, v: text }, ['id'])
    const findings = check(
      "CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (NULL, 'a'), (NULL, 'b'), ('c', 'c')",
      mapping,
    )
    expect(findings).toMatchObject([{ code: 'NULL_IN_PRIMARY_KEY', count: 2, key: { id: 'NULL' } }])
  })

  it('names at most ten keys, counts all, and never shows a value', () => {
    const mapping = { ...mappingOf('t', { id: int, n: int }, ['id']), rowidColumn: 'id' }
    const rows = Array.from({ length: 500 }, (_, index) => `(${index}, ${index % 5 === 0 ? "'secret'" : 1})`).join(',')
    const [finding, ...others] = check(`CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES ${rows}`, mapping, {
      sliceRows: 30,
    })
    expect(others).toEqual([])
    expect(finding).toMatchObject({ code: 'INT_UNREADABLE', count: 100, key: { id: '0' }, shape: 'text, 6 characters' })
    expect(finding?.sampleKeys.map((key) => key.id)).toEqual(['0', '5', '10', '15', '20', '25', '30', '35', '40', '45'])
    expect(JSON.stringify(finding)).not.toContain('secret')
  })

  it('36: varchar counts characters, char(n) would be padded', () => {
    const varchar: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: 3, padded: false } }
    const char: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: 3, padded: true } }
    const sql = "CREATE TABLE t (v TEXT, c TEXT); INSERT INTO t VALUES ('é😀a', 'abc'), ('abc ', 'ab'), (x'61', x'616263')"
    const findings = check(sql, mappingOf('t', { v: varchar, c: char }))
    expect(findings.map((finding) => [finding.code, finding.column, finding.key])).toEqual([
      ['TEXT_TOO_LONG', 'v', { rowid: '2' }],
      ['TEXT_FROM_BLOB', 'v', { rowid: '3' }],
      ['TEXT_WOULD_BE_PADDED', 'c', { rowid: '2' }],
      ['TEXT_FROM_BLOB', 'c', { rowid: '3' }],
    ])
  })

  it('finds one bad text among thousands of good ones, wherever it stands', () => {
    const mapping = { ...mappingOf('t', { id: int, a: text, b: text }, ['id']), rowidColumn: 'id' }
    for (const [bad, code] of [
      ["'caf'||CAST(x'e9' AS TEXT)", 'INVALID_UTF8'],
      ["'a'||char(0)", 'NUL_IN_TEXT'],
    ]) {
      const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9000) INSERT INTO t SELECT i, 'é'||i, 'b' FROM n;
        UPDATE t SET b = ${bad} WHERE id = 6001; UPDATE t SET a = a || '${'x'.repeat(40_000)}' WHERE id = 17`
      expect(check(sql, mapping)).toMatchObject([{ code, column: 'b', key: { id: '6001' }, count: 1 }])
    }
  })

  it('two halves of a character in neighbouring values do not pass for one', () => {
    const mapping = mappingOf('t', { a: text, b: text })
    const findings = check("CREATE TABLE t (a TEXT, b TEXT); INSERT INTO t VALUES (CAST(x'c3' AS TEXT), CAST(x'a9' AS TEXT))", mapping)
    expect(findings.map((finding) => [finding.code, finding.column])).toEqual([
      ['INVALID_UTF8', 'a'],
      ['INVALID_UTF8', 'b'],
    ])
  })

  it('values that become equal in a unique key are refused', () => {
    const mapping = {
      ...mappingOf('t', { id: int, d: dateTime, u: { declared: 'TEXT', value: { kind: 'uuid' } } }, ['id']),
      rowidColumn: 'id',
    }
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, d DATETIME UNIQUE, u TEXT UNIQUE); INSERT INTO t VALUES
      (1, '2024-03-01T10:00:00.000Z', NULL), (2, '2024-03-01T10:00:00.000+00:00', NULL), (3, 1709287200001, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
      (4, NULL, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'), (5, NULL, NULL)`
    const findings = check(sql, mapping, { uniqueKeys: [['d'], ['u'], ['d', 'u']] })
    expect(findings.map((finding) => [finding.code, finding.column, finding.count])).toEqual([
      ['UUID_REWRITTEN', 'u', 1],
      ['DUPLICATE_AFTER_CONVERSION', 'd', 1],
      ['DUPLICATE_AFTER_CONVERSION', 'u', 1],
    ])
  })

  it('of rows that become equal in a key, those equal in every column are told apart from those that are not; both of a pair are named', () => {
    const mapping = mappingOf('t', { code: text, v: text, raw: { declared: 'BLOB', value: { kind: 'bytes' } } }, [])
    const sql = `CREATE TABLE t (code TEXT, v TEXT, raw BLOB); INSERT INTO t VALUES ('a', 'x', NULL), ('a', 'x', NULL), ('a', 'y', NULL),
      ('b', NULL, CAST(x'ff' AS TEXT)), ('b', NULL, CAST(x'fe' AS TEXT)), ('c', 'x', NULL), ('a', 'x', NULL), (NULL, 'x', NULL), (NULL, 'x', NULL)`
    const found = check(sql, mapping, { uniqueKeys: [['code']] }).filter(({ code }) => code === 'DUPLICATE_AFTER_CONVERSION')
    expect(found.map(({ count, key, sampleKeys, params }) => [params.rows, count, key, sampleKeys.map(({ rowid }) => rowid)])).toEqual([
      ['equal', 2, { rowid: '2' }, ['1', '2', '7']],
      ['differing', 2, { rowid: '3' }, ['1', '3', '4', '5']],
    ])
    expect(found.map(({ message }) => message)).toEqual([
      'In t (code), 2 rows are equal to others in every column, and so in a unique key of the target.',
      'In t (code), 2 rows are equal to others in a unique key of the target, as values of its types, but not in every column, the primary key included.',
    ])
    const numbered = { ...mappingOf('t', { id: int, code: text }, ['id']), rowidColumn: 'id' }
    const pair = check("CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'x')", numbered, {
      uniqueKeys: [['code']],
    })
    expect(pair).toMatchObject([{ count: 1, key: { id: '2' }, sampleKeys: [{ id: '1' }, { id: '2' }], params: { rows: 'differing' } }])
  })

  it('58: a row too large for one line, escapes counted, is refused with its key; the limit here is lowered to be testable', () => {
    const mapping = {
      ...mappingOf('t', { id: int, a: text, b: { declared: 'BLOB', value: { kind: 'bytes' } } }, ['id']),
      rowidColumn: 'id',
    }
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB); INSERT INTO t VALUES
      (1, '${'x'.repeat(5000)}', NULL), (2, '${'x'.repeat(5000)}', zeroblob(2600)), (3, NULL, zeroblob(4900)), (4, NULL, zeroblob(5100)),
      (5, '${'\n\\'.repeat(2600)}', NULL), (6, '${'\n\\'.repeat(2400)}', NULL)`
    const findings = check(sql, mapping, { maxLineBytes: 10_000 })
    expect(findings).toMatchObject([
      { code: 'ROW_TOO_LARGE', severity: 'blocks', column: 'a', count: 2, shape: 'row of 10207 bytes, 5000 of them in this column' },
      { code: 'ROW_TOO_LARGE', severity: 'blocks', column: 'b', count: 1, shape: 'row of 10209 bytes, 5100 of them in this column' },
    ])
    expect(findings.map(({ sampleKeys }) => sampleKeys)).toEqual([[{ id: '2' }, { id: '5' }], [{ id: '4' }]])
  })

  it('35: a BLOB that passes for binary JSON but whose text is not UTF-8 is refused', () => {
    const mapping = mappingOf('jsonb', { id: int, j: { declared: 'JSONB', value: { kind: 'json', binary: true } } }, ['id'])
    const sql = `CREATE TABLE jsonb (id INTEGER PRIMARY KEY, j JSONB);
      INSERT INTO jsonb VALUES (1, x'272080'), (2, jsonb('{"a":"é\uFFFD"}')), (3, x'27C3A9')`
    expect(check(sql, { ...mapping, rowidColumn: 'id' }).map(({ code, key }) => [code, key])).toEqual([
      ['JSON_INVALID', { id: '1' }],
      ['JSON_FROM_BINARY', { id: '2' }],
    ])
  })

  it('58: long texts are looked at as bytes', () => {
    const mapping = {
      ...mappingOf('t', { id: int, a: text, j: { declared: 'JSONB', value: { kind: 'json', binary: true } } }, ['id']),
      rowidColumn: 'id',
    }
    const long = 'é'.repeat(600_000)
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, j JSONB); INSERT INTO t VALUES
      (1, '${long}', '["${long}"]'), (2, '${long}'||char(0), '["${long}'), (3, '${long}'||CAST(x'ff' AS TEXT), '["${long}\\u0000"]')`
    expect(check(sql, mapping).map((finding) => [finding.code, finding.column, finding.key?.id, finding.shape])).toEqual([
      ['NUL_IN_TEXT', 'a', '2', 'text, 1200001 bytes'],
      ['INVALID_UTF8', 'a', '3', 'text, 1200001 bytes'],
      ['JSON_INVALID', 'j', '2', 'text, 1200002 bytes'],
      ['JSON_NUL', 'j', '3', 'text, 1200010 bytes'],
    ])
  })

  it('stops when told to, and can be taken in slices', () => {
    const mapping = { ...mappingOf('t', { id: int }, ['id']), rowidColumn: 'id' }
    pair.sqlite.exec(`DROP TABLE IF EXISTS t; CREATE TABLE t (id INTEGER PRIMARY KEY);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000) INSERT INTO t SELECT i FROM n`)
    const seen: number[] = []
    const stop = () => seen.length === 3
    const run = () => checkTable(pair.sqlite, mapping, { sliceRows: 100, onProgress: (rows) => seen.push(rows), shouldStop: stop })
    expect(run).toThrow(expect.objectContaining({ code: 'CANCELLED' }))
    expect(seen).toEqual([100, 200, 300])
    expect([...checkSlices(pair.sqlite, mapping, { sliceRows: 400 })].at(-1)).toBe(1000)
  })
})
