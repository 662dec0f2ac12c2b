import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readCursor, writeCursor } from './browse-cursor'
import type { BrowseOptions } from './browse-options'
import { browseRows } from './browse-rows'
import { withInspection } from './inspection'

const many = 120_000
const sourceSql = `
CREATE TABLE "Large" (id TEXT PRIMARY KEY, n INTEGER, password TEXT);
WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < ${many - 1}) INSERT INTO "Large" SELECT printf('k%06d', i), i, 'x' FROM s;
CREATE TABLE "Pair" (a TEXT NOT NULL, b INTEGER NOT NULL, note TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO "Pair" VALUES ('x', 1, 'one'), ('x', 2, 'two'), ('x', 10, 'ten'), ('y, z', 1, NULL), ('É', -5, 'last');
CREATE TABLE "_AToB" ("A" INTEGER NOT NULL, "B" TEXT NOT NULL); CREATE UNIQUE INDEX ab ON "_AToB" ("A", "B");
INSERT INTO "_AToB" VALUES (2, 'q'), (1, 'q'), (1, 'p'), (3, 'r');
CREATE TABLE "Log" (line TEXT); INSERT INTO "Log" VALUES ('one'), ('two'), ('two'), ('three'), (NULL);
CREATE TABLE "Moment" (at DATETIME PRIMARY KEY, what TEXT);
INSERT INTO "Moment" VALUES ('2024-03-01T10:00:00.000+00:00', 'text'), (1609459200000, 'number'), ('soon', 'no date');`
const targetSql = `
CREATE TABLE "Large" (id text PRIMARY KEY, n integer, password text);
INSERT INTO "Large" SELECT 'k' || lpad(i::text, 6, '0'), i, 'x' FROM generate_series(0, ${many - 1}) AS i;
DELETE FROM "Large" WHERE n = 119999;
CREATE TABLE "Pair" (a text, b integer, note text, PRIMARY KEY (a, b));
INSERT INTO "Pair" VALUES ('x', 1, 'one'), ('x', 2, 'two'), ('x', 10, 'ten'), ('y, z', 1, NULL), ('É', -5, 'last');
CREATE TABLE "_AToB" ("A" integer NOT NULL, "B" text NOT NULL, PRIMARY KEY ("A", "B")); INSERT INTO "_AToB" VALUES (1, 'p'), (1, 'q'), (2, 'q'), (3, 'r');
CREATE TABLE "Log" (line text); INSERT INTO "Log" VALUES ('one'), ('two'), ('two'), ('three'), (NULL);
CREATE TABLE "Moment" (at timestamptz(3) PRIMARY KEY, what text);
INSERT INTO "Moment" VALUES ('2024-03-01 10:00:00Z', 'text'), ('2021-01-01 00:00:00Z', 'number');`

let source: TestSqliteDatabase
let target: TestPostgresDatabase
beforeAll(async () => {
  source = await createSqliteDatabase(sourceSql)
  target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
  await withPostgres(target.url, (client) => client.query(targetSql))
})
afterAll(async () => {
  await target.drop()
  await source.remove()
})

const look = (options: Partial<BrowseOptions> & Pick<BrowseOptions, 'table' | 'side'>) =>
  withInspection({ sourcePath: source.path, targetUrl: target.url }, new AbortController().signal, (inspection) =>
    browseRows(inspection, { limit: 25, ...options }),
  )

/** Every page, one after the other, as the rows' keys. */
async function walk(table: string, side: 'source' | 'target', limit: number): Promise<string[][]> {
  const pages: string[][] = []
  for (let after: string | undefined; ; ) {
    const page = await look({ table, side, limit, ...(after === undefined ? {} : { after }) })
    pages.push(page.rows.map(({ key }) => Object.values(key).join('/')))
    if (page.next === null) return pages
    after = page.next
  }
}

describe('looking inside', () => {
  it.each(['source', 'target'] as const)('pages from the %s through a large table, every row once and in order', async (side) => {
    const pages = await walk('Large', side, 25_000)
    const rows = side === 'source' ? many : many - 1
    expect(pages.map((page) => page.length)).toEqual([25_000, 25_000, 25_000, 25_000, rows - 100_000])
    expect(pages.flat()).toEqual(Array.from({ length: rows }, (_, i) => `k${String(i).padStart(6, '0')}`))
  })

  it.each(['source', 'target'] as const)('asks the %s for a late page by its index, not by counting to it', async (side) => {
    const after = side === 'source' ? writeCursor([BigInt(many - 2)]) : writeCursor(['k119996'])
    const page = await look({ table: 'Large', side, after })
    expect(page.rows.map(({ key }) => key.id)).toEqual(side === 'source' ? ['k119998', 'k119999'] : ['k119997', 'k119998'])
    expect(page.rows.at(-1)?.[side === 'source' ? 'target' : 'source']).toEqual(
      side === 'source'
        ? null
        : [expect.objectContaining({ text: 'k119998' }), expect.anything(), expect.objectContaining({ form: 'masked' })],
    )
    if (side === 'source') return
    const { rows } = await withPostgres(target.url, (client) =>
      client.query(`EXPLAIN SELECT t.id FROM "Large" AS t WHERE (t.id) > ('k119996') ORDER BY t.id LIMIT 26`),
    )
    expect(JSON.stringify(rows)).toMatch(/Index (Only )?Scan/)
  })

  it('pages by keys of several columns, by unique columns where there is no primary key, and by place where there is neither', async () => {
    expect(await walk('Pair', 'source', 2)).toEqual([['x/1', 'x/2'], ['x/10', 'y, z/1'], ['É/-5']])
    expect((await walk('Pair', 'target', 2)).flat().sort()).toEqual(['x/1', 'x/10', 'x/2', 'y, z/1', 'É/-5'])
    expect(await walk('_AToB', 'source', 3)).toEqual([['2/q', '1/q', '1/p'], ['3/r']])
    expect(await walk('_AToB', 'target', 3)).toEqual([['1/p', '1/q', '2/q'], ['3/r']])
    expect((await look({ table: '_AToB', side: 'source' })).rows.every(({ target: twin }) => Array.isArray(twin))).toBe(true)
    expect((await walk('Log', 'source', 2)).flat()).toEqual(['1', '2', '3', '4', '5'])
    expect((await walk('Log', 'target', 2)).flat()).toEqual(['(0,1)', '(0,2)', '(0,3)', '(0,4)', '(0,5)'])
    // Without a key nobody can say which row of the other side it is: not looked up, and not called missing.
    expect((await look({ table: 'Log', side: 'source' })).rows.some((row) => 'target' in row)).toBe(false)
    expect((await look({ table: 'Log', side: 'target' })).rows.some((row) => 'source' in row)).toBe(false)
  })

  it('shows what has no readable key, and finds the twins of the others', async () => {
    const { rows } = await look({ table: 'Moment', side: 'source' })
    expect(rows.map(({ key, target: twin }) => [key.at, twin === null ? null : twin?.[1]?.text])).toEqual([
      ['2024-03-01 10:00:00', 'text'],
      ['2021-01-01 00:00:00', 'number'],
      ['unreadable', null],
    ])
  })

  it.each([
    ['Large', 'k11999', ['k119990', 'k119991', 'k119992', 'k119993', 'k119994', 'k119995', 'k119996', 'k119997', 'k119998']],
    ['Large', 'k000007', ['k000007']],
    ['Large', 'nothing', []],
    ['Large', "k'; DROP", []],
    ['Pair', 'x, 10', ['x/10']],
    ['Pair', 'x', ['x/1', 'x/2', 'x/10']],
    ['Pair', 'x, ten', []],
    ['_AToB', '1', ['1/p', '1/q']],
    ['_AToB', '1, q', ['1/q']],
    ['_AToB', 'one', []],
  ])('finds in %s by the key %j the same rows on both sides', async (table, key, expected) => {
    for (const side of ['source', 'target'] as const) {
      const { rows } = await look({ table, side, key })
      const keys = rows.map((row) => Object.values(row.key).join('/')).filter((printed) => printed !== 'k119999')
      expect([side, ...keys.sort()]).toEqual([side, ...[...expected].sort()])
    }
  })

  it('begins anew with a cursor that is none', async () => {
    for (const after of ['17', '%%%', Buffer.from('["a","b","c"]').toString('base64url'), Buffer.from('{"a":1}').toString('base64url')])
      expect((await look({ table: 'Pair', side: 'source', after })).rows).toHaveLength(5)
    expect(readCursor(writeCursor([5n, 1.5, 'é', Buffer.from([0, 255]), null]), 5)).toEqual([5n, 1.5, 'é', Buffer.from([0, 255]), null])
  })
})
