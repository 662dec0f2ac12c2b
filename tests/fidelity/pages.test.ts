import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { from as copyFrom } from 'pg-copy-streams'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TableMapping } from '@/lib/core/table-mapping'
import { checkTable } from '@/lib/sqlite/values/check-values'
import { copyColumns, copySelect, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { type CopyPage, readCopyPages } from '@/lib/sqlite/values/copy-pages'
import { createTarget, mappingOf, openPair, type Pair, type TestColumn } from './round-trip'

let pair: Pair
beforeAll(async () => {
  pair = await openPair()
})
afterAll(() => pair.close())

const text: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } }
const int: TestColumn = { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } }
const bytes: TestColumn = { declared: 'BLOB', value: { kind: 'bytes' } }

function pagesOf(mapping: TableMapping, options = {}): CopyPage[] {
  return [...readCopyPages(pair.sqlite, mapping, options)]
}

async function copyPages(mapping: TableMapping, pages: Iterable<CopyPage>): Promise<void> {
  await createTarget(pair.postgres, mapping)
  const names = copyColumns(mapping).map((name) => pair.postgres.escapeIdentifier(name))
  const target = pair.postgres.query(copyFrom(`COPY ${pair.postgres.escapeIdentifier(mapping.table)} (${names.join(',')}) FROM STDIN`))
  const data = function* () {
    for (const page of pages) yield page.data
  }
  await pipeline(Readable.from(data()), target)
}

/** The same lines in the same order as copySelect gives one by one. */
function expectAllLines(mapping: TableMapping, pages: readonly CopyPage[]): void {
  const lines = Buffer.concat(pages.map((page) => page.data))
    .toString('latin1')
    .split('\n')
    .map(fingerprint)
  const query = copySelect(mapping)
  const expected = (pair.sqlite.prepare(query.sql).pluck().all() as Buffer[]).map((line) =>
    fingerprint(line.toString('latin1').slice(0, -1)),
  )
  expect(lines.pop()).toBe(fingerprint(''))
  expect(lines).toEqual(expected)
  expect(pages.reduce((sum, page) => sum + page.rows, 0)).toBe(expected.length)
}

/** Short enough to print; SQLite writes hexadecimal in upper case, Node in lower. */
function fingerprint(line: string): string {
  const lower = line.replace(/\\\\x[0-9A-F]*/g, (hexadecimal) => hexadecimal.toLowerCase())
  return lower.length <= 100 ? lower : `${lower.slice(0, 20)} … ${createHash('md5').update(lower).digest('hex')}`
}

describe('a table read in pages', () => {
  it('58: an empty table gives nothing, one row gives one line', () => {
    pair.sqlite.exec('CREATE TABLE empty (id INTEGER PRIMARY KEY, v TEXT)')
    const mapping = { ...mappingOf('empty', { id: int, v: text }, ['id']), rowidColumn: 'id' }
    expect(pagesOf(mapping)).toEqual([])
    expect(checkTable(pair.sqlite, mapping)).toEqual([])
    pair.sqlite.exec('INSERT INTO empty VALUES (7, NULL)')
    expect(pagesOf(mapping)).toEqual([{ data: Buffer.from('7\t\\N\n'), rows: 1, resumeAfter: [7n] }])
  })

  it('resumes after any page without a gap or a double', () => {
    pair.sqlite.exec(`CREATE TABLE many (id INTEGER PRIMARY KEY, v TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO many SELECT i*3-7000, 'row '||i FROM n`)
    const mapping = { ...mappingOf('many', { id: int, v: text }, ['id']), rowidColumn: 'id' }
    const pages = pagesOf(mapping, { targetBytes: 4000 })
    expect(pages.length).toBeGreaterThan(10)
    expectAllLines(mapping, pages)
    const half = pages.slice(0, 7)
    const after = half.at(-1)?.resumeAfter ?? []
    expectAllLines(mapping, [...half, ...pagesOf(mapping, { after })])
    expectAllLines(mapping, [...pagesOf(mapping, { upTo: after }), ...pagesOf(mapping, { after })])
  })

  it('56: WITHOUT ROWID with a composite key is paged by that key', () => {
    pair.sqlite.exec(`CREATE TABLE pairs (a TEXT COLLATE NOCASE, b INTEGER, v TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000) INSERT INTO pairs SELECT char(65+i%26)||i, i%7, 'v'||i FROM n`)
    const mapping = { ...mappingOf('pairs', { a: text, b: int, v: text }, ['b', 'a']), withoutRowid: true }
    const pages = pagesOf(mapping, { targetBytes: 2000 })
    expect(pages.length).toBeGreaterThan(5)
    expectAllLines(mapping, pages)
    const after = pages[3]?.resumeAfter ?? []
    expectAllLines(mapping, [...pages.slice(0, 4), ...pagesOf(mapping, { after })])
    expect(checkTable(pair.sqlite, mapping, { sliceRows: 100 })).toEqual([])
  })

  it('57: no primary key, duplicate rows: all arrive; names of the rowid taken by columns', () => {
    pair.sqlite.exec("CREATE TABLE twins (v TEXT); INSERT INTO twins VALUES ('x'),('x'),('y')")
    expectAllLines(mappingOf('twins', { v: text }), pagesOf(mappingOf('twins', { v: text })))
    pair.sqlite.exec(
      "CREATE TABLE hidden (rowid TEXT, OID TEXT, _rowid_ TEXT); INSERT INTO hidden VALUES ('b',NULL,'\t'),('a','a','a'),('a','a','a')",
    )
    const hidden = mappingOf('hidden', { rowid: text, OID: text, _rowid_: text })
    expectAllLines(hidden, pagesOf(hidden))
    pair.sqlite.exec("UPDATE hidden SET OID = CAST(x'ff' AS TEXT) WHERE rowid = 'b'")
    expect(checkTable(pair.sqlite, hidden).map((finding) => [finding.code, finding.key])).toEqual([['INVALID_UTF8', {}]])
  })

  it('58: 1200 columns', async () => {
    const names = Array.from({ length: 1200 }, (_, index) => `c${index}`)
    pair.sqlite.exec(
      `CREATE TABLE wide (${names.map((name) => `${name} TEXT`).join(',')}); INSERT INTO wide VALUES (${names.map((name) => `'${name}\t'`).join(',')})`,
    )
    const mapping = mappingOf('wide', Object.fromEntries(names.map((name) => [name, text])))
    const pages = pagesOf(mapping)
    expect(pages[0]?.data.toString()).toBe(`${names.map((name) => `${name}\\t`).join('\t')}\n`)
    expect(checkTable(pair.sqlite, mapping)).toEqual([])
  })

  it('58: large values are sent in pieces and arrive whole', async () => {
    pair.sqlite.exec('CREATE TABLE large (id INTEGER PRIMARY KEY, t TEXT, b BLOB, j JSONB)')
    const insert = pair.sqlite.prepare('INSERT INTO large VALUES (?, ?, ?, ?)')
    const awkward = 'é\t\\\n\r😀'.repeat(60_000)
    const blob = randomBytes(3_000_001)
    insert.run(1, 'small', Buffer.from('small'), '1')
    insert.run(2, awkward, blob, JSON.stringify({ awkward }))
    insert.run(3, 'x'.repeat(70_000), null, null)
    insert.run(4, 'small', Buffer.alloc(0), '{}')
    const json: TestColumn = { declared: 'JSONB', value: { kind: 'json', binary: true } }
    const mapping = { ...mappingOf('large', { id: int, t: text, b: bytes, j: json }, ['id']), rowidColumn: 'id' }
    expect(checkTable(pair.sqlite, mapping)).toEqual([])
    const pages = pagesOf(mapping)
    expectAllLines(mapping, pages)
    expect(Math.max(...pages.map((page) => page.data.length))).toBeLessThan(1_200_000)
    expect(pages.at(-1)?.resumeAfter).toEqual([4n])
    await copyPages(mapping, pages)
    const { rows } = await pair.postgres.query('SELECT * FROM large ORDER BY id')
    expect(rows.map((row) => row.id)).toEqual(['1', '2', '3', '4'])
    expect(rows[1]).toMatchObject({ t: awkward, j: { awkward } })
    expect(rows[1].b.equals(blob)).toBe(true)
    expect(rows[2].t).toHaveLength(70_000)
  })

  it('58: a 100 MB BLOB needs little more memory than itself twice', async () => {
    const size = 100_000_000
    pair.sqlite.exec(`CREATE TABLE huge (id INTEGER PRIMARY KEY, b BLOB)`)
    const blob = Buffer.alloc(size, 'bascule ')
    pair.sqlite.prepare('INSERT INTO huge VALUES (1, ?)').run(blob)
    const mapping = { ...mappingOf('huge', { id: int, b: bytes }, ['id']), rowidColumn: 'id' }
    expect(checkTable(pair.sqlite, mapping)).toEqual([])
    let largest = 0
    const pages = function* () {
      for (const page of readCopyPages(pair.sqlite, mapping)) {
        largest = Math.max(largest, page.data.length)
        yield page
      }
    }
    await copyPages(mapping, pages())
    const { rows } = await pair.postgres.query('SELECT length(b) AS length, md5(b) AS md5 FROM huge')
    expect(rows).toEqual([{ length: size, md5: createHash('md5').update(blob).digest('hex') }])
    expect(largest).toBeLessThan(2 * 1024 * 1024)
  })

  it('a UTF-16 database gives UTF-8', async () => {
    const sqlite = new Database(':memory:')
    sqlite.pragma("encoding = 'UTF-16le'")
    registerCopyFunctions(sqlite)
    sqlite.exec(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, b BLOB); INSERT INTO t VALUES (1, 'é\t😀', 'é'), (2, 'a', x'00ff'), (3, '" +
        'é'.repeat(50_000) +
        "', NULL)",
    )
    const mapping = { ...mappingOf('t', { id: int, v: text, b: bytes }, ['id']), rowidColumn: 'id' }
    expect(checkTable(sqlite, mapping).map((finding) => finding.code)).toEqual(['BYTES_FROM_TEXT'])
    const data = Buffer.concat([...readCopyPages(sqlite, mapping)].map((page) => page.data))
    const expected = `1\té\\t😀\t\\\\xc3a9\n2\ta\t\\\\x00FF\n3\t${'é'.repeat(50_000)}\t\\N\n`
    expect(data.toString('utf8')).toBe(expected)
    // Half of a pair: at the end SQLite gives bytes for it that are no UTF-8, in the middle it joins it with whatever follows
    // (61 00 62 00 behind it would be read as one other character). A real U+FFFD is a character.
    sqlite.exec(
      `INSERT INTO t VALUES (4, CAST(x'41003dd8' AS TEXT), NULL), (5, char(65533), NULL), (6, '😀', NULL), (7, 'a' || char(0), NULL),
        (8, CAST(x'3dd861006200' AS TEXT), NULL), (9, CAST(x'410000de6200' AS TEXT), NULL), (10, CAST(x'3dd83dd800de' AS TEXT), NULL)`,
    )
    const insert = sqlite.prepare('INSERT INTO t VALUES (?, CAST(? AS TEXT), NULL)')
    const long = Buffer.from('é😀'.repeat(200_000), 'utf16le')
    insert.run(12, Buffer.concat([long, Buffer.from('3dd86100', 'hex')]))
    insert.run(13, long)
    insert.run(14, Buffer.concat([long, Buffer.from('0000', 'hex')]))
    const found = checkTable(sqlite, mapping).map(({ code, sampleKeys }) => [code, sampleKeys.map(({ id }) => id).join()])
    expect(found).toEqual([
      ['INVALID_UTF8', '12,4,8,9,10'],
      ['NUL_IN_TEXT', '14,7'],
      ['BYTES_FROM_TEXT', '1'],
    ])
    sqlite.close()
  })

  it.each(['UTF-16le', 'UTF-16be'])('35: JSON in the bytes of a BLOB is read as UTF-8 in a file of %s too', (encoding) => {
    const sqlite = new Database(':memory:')
    sqlite.pragma(`encoding = '${encoding}'`)
    registerCopyFunctions(sqlite)
    sqlite.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, j JSONB)')
    const insert = sqlite.prepare('INSERT INTO t VALUES (?, ?)')
    for (const [index, json] of ['{}', '{"a":1}', '"é😀\\\\"', '7'].entries()) insert.run(index, Buffer.from(json))
    sqlite.exec(`INSERT INTO t VALUES (4, jsonb('{"b":"é"}')), (5, '"é"')`)
    const json: TestColumn = { declared: 'JSONB', value: { kind: 'json', binary: true } }
    const mapping = { ...mappingOf('t', { id: int, j: json }, ['id']), rowidColumn: 'id' }
    const data = Buffer.concat([...readCopyPages(sqlite, mapping)].map((page) => page.data))
    expect(data.toString('utf8')).toBe('0\t{}\n1\t{"a":1}\n2\t"é😀\\\\\\\\"\n3\t7\n4\t{"b":"é"}\n5\t"é"\n')
    sqlite.close()
  })

  it('a text with NUL or invalid UTF-8 that was not checked is refused by PostgreSQL, never cut or replaced', async () => {
    for (const stored of ["'a'||char(0)||'b'", "CAST(x'ff' AS TEXT)"]) {
      pair.sqlite.exec(`DROP TABLE IF EXISTS bad; CREATE TABLE bad (v TEXT); INSERT INTO bad VALUES (${stored})`)
      await expect(copyPages(mappingOf('bad', { v: text }), pagesOf(mappingOf('bad', { v: text })))).rejects.toThrow(
        /invalid byte sequence/,
      )
    }
  })

  it('a value that was not checked and that Prisma cannot read stops the copy', () => {
    pair.sqlite.exec("DROP TABLE IF EXISTS bad; CREATE TABLE bad (v INTEGER); INSERT INTO bad VALUES (1), ('abc')")
    expect(() => pagesOf(mappingOf('bad', { v: int }))).toThrow(expect.objectContaining({ code: 'VALUE_REFUSED' }))
  })
})
