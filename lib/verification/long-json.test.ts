import Database from 'better-sqlite3'
import { expect, inject, it } from 'vitest'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { digestStoredJson } from './long-json'
import { verifyDatabases } from './verify-databases'

/** Longer than what is compared whole; and shorter, unless it is printed with spaces. */
const [long, short] = [documentOf(30_000), documentOf(18_000)]

function documentOf(items: number): object {
  return {
    name: 'é\n',
    list: Array.from({ length: items }, (_, n) => ({ n: n / 4, 'a key': [null], text: `${'é'.repeat(150)} item ${n} 😀` })),
  }
}

const changed = (text: string) => text.replace('item 9000 ', 'item 9001 ')
const inOtherOrder = (value: object) => JSON.stringify(Object.fromEntries(Object.entries(value).reverse()))
/** A key that is there twice, the last time with what counts. */
const doubled = (value: object) => `{"name":[${'1,'.repeat(50)}1],${JSON.stringify(value).slice(1)}`

/** Of each row what the source has, what the target is given, and whether that is the same. */
const rows: readonly (readonly [what: string, source: string | Buffer, target: string, isSame: boolean])[] = [
  ['long on both sides', inOtherOrder(long), JSON.stringify(long), true],
  ['long with one letter changed', inOtherOrder(long), changed(JSON.stringify(long)), false],
  ['with a key twice', doubled(long), JSON.stringify(long), true],
  ['long on the source alone', JSON.stringify(short, null, ' '.repeat(10)), JSON.stringify(short), true],
  ['long on the source alone, changed', JSON.stringify(short, null, ' '.repeat(10)), changed(JSON.stringify(short)), false],
  ['long on the source, short on the target', JSON.stringify(long), '[1]', false],
  ['short on the source, long on the target', '[1]', JSON.stringify(long), false],
  ['no JSON on the source', JSON.stringify(long).slice(1), JSON.stringify(long), false],
  ['JSON in a BLOB', Buffer.from(JSON.stringify(long)), JSON.stringify(long), true],
  ['JSONB in a BLOB', binary(JSON.stringify(long)), JSON.stringify(long), true],
]

function binary(text: string): Buffer {
  const db = new Database(':memory:')
  const bytes = db.prepare('SELECT jsonb(?)').pluck().get(text) as Buffer
  db.close()
  return bytes
}

it('long JSON is compared by its meaning without being held', { timeout: 120_000 }, async () => {
  const [server] = inject('postgresServers')
  if (!server) throw new Error('There is no server to try it on.')
  const target = await createPostgresDatabase(server)
  await using source = await createSqliteDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, j JSONB); CREATE TABLE plain (j JSONB);
    CREATE TABLE doubled (id INTEGER PRIMARY KEY, s TEXT, j JSON)`)
  const db = new Database(source.path)
  await withPostgres(target.url, async (client) => {
    await client.query('CREATE TABLE t (id bigint PRIMARY KEY, j jsonb); CREATE TABLE plain (j jsonb)')
    await client.query('CREATE TABLE doubled (id bigint PRIMARY KEY, s text, j json)')
    for (const [id, [, one, other]] of rows.entries()) {
      db.prepare('INSERT INTO t VALUES (?, ?)').run(id, one)
      await client.query('INSERT INTO t VALUES ($1, $2)', [id, other])
    }
    // Without a key: a row on its own, one that is there twice, and one that the target has otherwise.
    for (const text of [
      inOtherOrder(long),
      JSON.stringify(short, null, ' '.repeat(10)),
      JSON.stringify(short, null, ' '.repeat(10)),
      doubled(long),
    ])
      db.prepare('INSERT INTO plain VALUES (?)').run(text)
    for (const text of [JSON.stringify(short), JSON.stringify(short), JSON.stringify(long), changed(JSON.stringify(long))])
      await client.query('INSERT INTO plain VALUES ($1)', [text])
    // A json column keeps the text as it is.
    for (const [id, text] of [inOtherOrder(long), doubled(long), changed(JSON.stringify(long))].entries()) {
      db.prepare('INSERT INTO doubled VALUES (?, ?, ?)').run(id, 'x', inOtherOrder(long))
      await client.query('INSERT INTO doubled VALUES ($1, $2, $3)', [id, 'x', text])
    }
  })
  db.close()
  const { tables } = await verifyDatabases(
    { sourcePath: source.path, targetUrl: target.url },
    () => undefined,
    new AbortController().signal,
  )
  const found = (name: string) => tables.find(({ table }) => table === name)
  expect(found('t')?.reason).toBeNull()
  expect(found('t')?.differences.map(({ key }) => rows[Number(key.id)]?.[0])).toEqual(
    rows.filter(([, , , same]) => !same).map(([what]) => what),
  )
  expect(
    found('plain')
      ?.differences.map(({ kind }) => kind)
      .sort(),
  ).toEqual(['missing-in-source', 'missing-in-target'])
  expect(found('doubled')?.differences).toEqual([{ key: { id: '2' }, column: 'j', kind: 'value-differs' }])
  await target.drop()
})

it('a text that is no UTF-8 is what Prisma reads, wherever it is cut', () => {
  const bytes = Buffer.concat([Buffer.from('["aé'), Buffer.from([0xff, 0xe2, 0x82, 0x22, 0x2c]), Buffer.from('"😀"]')])
  const pieces = (size: number) => () =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, at * size + size))
  const read = Buffer.from(bytes.toString('utf8'))
  const expected = digestStoredJson(() => [read], false)
  expect(expected).not.toBeNull()
  for (const size of [1, 2, 3, 5, 100]) expect(digestStoredJson(pieces(size), false)).toBe(expected)
})
