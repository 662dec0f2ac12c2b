import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type TableComparison, verificationResultSchema } from './verification-result'
import { verifyDatabases } from './verify-databases'

/** Every kind of column; rows 2 to 4 hold what older and other programs wrote. */
const sourceSql = `
CREATE TABLE "Person" (id TEXT PRIMARY KEY, name TEXT);
INSERT INTO "Person" VALUES ('a', 'Ada'), ('B', 'Bob'), ('é', NULL), ('z', '');
CREATE TABLE "Every kind" (
  id INTEGER PRIMARY KEY AUTOINCREMENT, flag BOOLEAN, small INTEGER, large BIGINT, real REAL, price DECIMAL, text TEXT,
  bytes BLOB, json JSONB, at DATETIME, day DATETIME, uuid TEXT, kind TEXT, "personId" TEXT REFERENCES "Person"(id));
CREATE UNIQUE INDEX one_open ON "Every kind" (text) WHERE flag = 1;
CREATE INDEX by_person ON "Every kind" ("personId");
INSERT INTO "Every kind" VALUES
 (1, 1, 7, 9007199254740993, 123456.789, 1.1, 'tab	 newline
 \\N \\. "quoted" 🦊 ' || char(0xfeff) || char(0x2028), x'005c783431ff', '{"b":1,"a":[1,2.5,null,"x"],"long":12345678901234567890}', '2024-03-01T10:00:00.123+00:00', '2024-03-01T00:00:00.000+00:00', '0E37DF36-F698-11E6-8DD4-CB9CED3DF976', 'RED', 'a'),
 (2, 0, -7, -5, 1e300, 1, '', x'', 123, 1709287200123, '2024-02-29', NULL, 'BLUE', 'B'),
 (3, 2, 0, 0, 5e-324, 0.30000000000000004, '007', 'text in a blob', 0.1, '2024-03-01 10:00:00', 1709251200000, NULL, 'RED', 'é'),
 (4, 'true', 1.5, NULL, 9e999, NULL, x'c3a9', NULL, '"A\\u0041é"', '2024-03-01T12:00:00.1239+02:00', NULL, NULL, NULL, NULL),
 (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'null', '1900-01-01 00:00:00 +00:00', NULL, NULL, NULL, NULL);
DELETE FROM "Every kind" WHERE id > 5;
CREATE TABLE "Log" (line TEXT, n INTEGER);
INSERT INTO "Log" VALUES ('twice', 1), ('once', 2), ('twice', 1), (NULL, NULL);
CREATE TABLE "Pair" (left TEXT NOT NULL, right INTEGER NOT NULL, note TEXT, PRIMARY KEY (left, right)) WITHOUT ROWID;
INSERT INTO "Pair" VALUES ('x', 2, 'a'), ('x', 10, 'b'), ('X', 1, 'c');
CREATE TABLE "Moment" (at DATETIME PRIMARY KEY, what TEXT);
INSERT INTO "Moment" VALUES ('2024-03-01T10:00:00.000+00:00', 'text'), (1609459200000, 'number'), ('2019-01-01', 'day');
CREATE TABLE "Price" (amount DECIMAL PRIMARY KEY, note TEXT);
INSERT INTO "Price" VALUES (10, 'ten'), (1.5, 'one and a half'), (2, 'two');
CREATE TABLE "Empty" (id INTEGER PRIMARY KEY);
`

const targetSql = `
CREATE TABLE "Person" (id text PRIMARY KEY, name text);
INSERT INTO "Person" VALUES ('z', ''), ('é', NULL), ('B', 'Bob'), ('a', 'Ada');
CREATE TYPE "Kind" AS ENUM ('RED', 'BLUE');
CREATE TABLE "Every kind" (
  id serial PRIMARY KEY, flag boolean, small integer, large bigint, real double precision, price numeric(65,30), text text,
  bytes bytea, json jsonb, at timestamp(3), day date, uuid uuid, kind "Kind", "personId" text REFERENCES "Person"(id));
CREATE UNIQUE INDEX one_open ON "Every kind" (text) WHERE flag;
CREATE INDEX by_person ON "Every kind" ("personId");
INSERT INTO "Every kind" VALUES
 (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'null', '1900-01-01', NULL, NULL, NULL, NULL),
 (1, true, 7, 9007199254740993, 123456.789, 1.10, E'tab\\t newline\\n \\\\N \\\\. "quoted" 🦊 \\uFEFF\\u2028', '\\x005c783431ff', '{"a": [1, 2.50, null, "x"], "b": 1.0, "long": 12345678901234567890}', '2024-03-01 10:00:00.123', '2024-03-01', '0e37df36-f698-11e6-8dd4-cb9ced3df976', 'RED', 'a'),
 (2, false, -7, -5, 1e300, 1, '', '', '123', '2024-03-01 10:00:00.123', '2024-02-29', NULL, 'BLUE', 'B'),
 (3, false, 0, 0, 5e-324, 0.30000000000000004, '007', 'text in a blob', '0.10', '2024-03-01 10:00:00', '2024-03-01', NULL, 'RED', 'é'),
 (4, true, 1, NULL, 'Infinity', NULL, 'é', NULL, '"AAé"', '2024-03-01 10:00:00.123', NULL, NULL, NULL, NULL);
SELECT setval('"Every kind_id_seq"', 5);
CREATE TABLE "Log" (line text, n integer);
INSERT INTO "Log" VALUES (NULL, NULL), ('twice', 1), ('twice', 1), ('once', 2);
CREATE TABLE "Pair" ("left" text NOT NULL, "right" integer NOT NULL, note text, PRIMARY KEY ("left", "right"));
INSERT INTO "Pair" VALUES ('X', 1, 'c'), ('x', 10, 'b'), ('x', 2, 'a');
CREATE TABLE "Moment" (at timestamptz(3) PRIMARY KEY, what text);
INSERT INTO "Moment" VALUES ('2024-03-01 10:00:00Z', 'text'), ('2021-01-01 00:00:00Z', 'number'), ('2019-01-01 00:00:00Z', 'day');
CREATE TABLE "Price" (amount numeric(65,30) PRIMARY KEY, note text);
INSERT INTO "Price" VALUES (2.0, 'two'), (10.000, 'ten'), (1.50, 'one and a half');
CREATE TABLE "Empty" (id bigserial PRIMARY KEY);
`

describe.each([...inject('postgresServers')])('verification against $name', (server) => {
  let source: TestSqliteDatabase
  let target: TestPostgresDatabase
  beforeAll(async () => {
    source = await createSqliteDatabase(sourceSql)
  })
  afterAll(() => source.remove())
  beforeEach(async () => {
    target = await createPostgresDatabase(server)
    await withPostgres(target.url, (client) => client.query(targetSql))
    return () => target.drop()
  })

  const plant = (sql: string) => withPostgres(target.url, (client) => client.query(sql))
  const verify = async (sourcePath = source.path) => {
    const events: ProgressEvent[] = []
    const result = await verifyDatabases({ sourcePath, targetUrl: target.url }, (event) => events.push(event), new AbortController().signal)
    return { ...verificationResultSchema.parse(result), events }
  }
  const tableOf = ({ tables }: { tables: readonly { table: string }[] }, name: string) => tables.find(({ table }) => table === name)
  const codesOf = ({ findings }: { findings: readonly { code: string }[] }) => findings.map(({ code }) => code)

  it('finds the same data identical in every storage class', async () => {
    const result = await verify()
    expect(result.tables.filter(({ content }) => content !== 'identical')).toEqual([])
    expect(result.findings).toEqual([])
    expect(result.status).toBe('succeeded')
    expect(result.tables.map(({ table, sourceRows, targetRows }) => [table, sourceRows, targetRows])).toEqual([
      ['Empty', 0, 0],
      ['Every kind', 5, 5],
      ['Log', 4, 4],
      ['Moment', 3, 3],
      ['Pair', 3, 3],
      ['Person', 4, 4],
      ['Price', 3, 3],
    ])
    expect(result.events.filter((event) => event.type === 'phase').map((event) => `${event.phase} ${event.status}`)).toEqual([
      'counts started',
      'counts succeeded',
      'content started',
      'content succeeded',
      'structure started',
      'structure succeeded',
    ])
  })

  it('finds the same data identical in a file whose text is UTF-16, and a difference in it', async () => {
    await using wide = await createSqliteDatabase(`PRAGMA encoding = 'UTF-16le'; ${sourceSql}`)
    const same = await verify(wide.path)
    expect(same.tables.filter(({ content }) => content !== 'identical')).toEqual([])
    await plant(`UPDATE "Person" SET name = 'Adä' WHERE id = 'a'`)
    expect(tableOf(await verify(wide.path), 'Person')).toMatchObject({ differences: [{ key: { id: 'a' }, column: 'name' }] })
  })

  it('compares a row of several megabytes and finds one byte in it', async () => {
    const size = 8 * 1024 * 1024
    await using large = await createSqliteDatabase(
      `CREATE TABLE "Large" (id TEXT PRIMARY KEY, body BLOB, text TEXT);
       INSERT INTO "Large" SELECT 'k' || value, zeroblob(value), 'short' FROM (SELECT 1 AS value UNION ALL SELECT 2 UNION ALL SELECT ${size});
       UPDATE "Large" SET text = replace(hex(zeroblob(${size / 2})), '00', 'éa') WHERE id = 'k2';`,
    )
    await plant(`CREATE TABLE "Large" (id text PRIMARY KEY, body bytea, text text);
      INSERT INTO "Large" SELECT 'k' || n, decode(repeat('00', n), 'hex'), 'short' FROM unnest(ARRAY[1, 2, ${size}]) AS n;
      UPDATE "Large" SET text = repeat('éa', ${size / 2}) WHERE id = 'k2'`)
    const same = await verify(large.path)
    expect(same.tables.find(({ table }) => table === 'Large')).toMatchObject({ content: 'identical', sourceRows: 3 })
    await plant(`UPDATE "Large" SET body = set_byte(body, ${size - 1}, 1) WHERE id = 'k${size}'`)
    const changed = await verify(large.path)
    expect(changed.tables.find(({ table }) => table === 'Large')?.differences).toEqual([
      { key: { id: `k${size}` }, column: 'body', kind: 'value-differs' },
    ])
  })

  /** What each row of `Every kind` is changed to, on the target; all are as row 1 before. */
  const plantedValues: readonly (readonly [what: string, column: string, value: string])[] = [
    ['a changed bit in a blob', 'bytes', `set_byte(bytes, 5, 254)`],
    ['a blob with its first byte doubled', 'bytes', `substring(bytes FOR 1) || bytes`],
    ['a blob become its own hex digits', 'bytes', `convert_to(encode(bytes, 'hex'), 'UTF8')`],
    ['a blob become empty', 'bytes', `''`],
    ['one second in a date', 'at', `at + interval '1 second'`],
    ['one millisecond in a date', 'at', `at + interval '1 millisecond'`],
    ['a time shifted by the session’s zone', 'at', `at + interval '1 hour'`],
    ['a date at the end of all dates', 'at', `'infinity'`],
    ['a day moved', 'day', `day + 1`],
    ['a trailing space', 'text', `text || ' '`],
    ['a leading byte order mark', 'text', String.raw`U&'\FEFF' || text`],
    ['a line feed become CR LF', 'text', String.raw`replace(text, E'\n', E'\r\n')`],
    ['a letter in another case', 'text', `upper(text)`],
    ['a space that does not break', 'text', String.raw`replace(text, ' ', U&'\00A0')`],
    ['a space without width', 'text', String.raw`replace(text, '🦊', '🦊' || U&'\200B')`],
    ['an accent more', 'text', String.raw`replace(text, '🦊', '🦊' || U&'\0301')`],
    ['a character from outside of the first plane lost', 'text', `replace(text, '🦊', '?')`],
    ['an escape become two characters', 'text', String.raw`replace(text, E'\t', '\t')`],
    ['a float off by one unit', 'real', `123456.78900000002`],
    ['a float become the nearest of single precision', 'real', `123456.789::real`],
    ['a float become NaN', 'real', `'NaN'`],
    ['a float become infinite', 'real', `'Infinity'`],
    ['a float with the other sign', 'real', `-real`],
    ['a JSON key changed', 'json', `'{"b":1,"A":[1,2.5,null,"x"],"long":12345678901234567890}'`],
    ['a JSON number changed beyond what a double holds', 'json', `'{"b":1,"a":[1,2.5,null,"x"],"long":12345678901234567891}'`],
    ['a JSON number become text', 'json', `'{"b":"1","a":[1,2.5,null,"x"],"long":12345678901234567890}'`],
    ['a JSON array in another order', 'json', `'{"b":1,"a":[2.5,1,null,"x"],"long":12345678901234567890}'`],
    ['a JSON null left out of an array', 'json', `'{"b":1,"a":[1,2.5,"x"],"long":12345678901234567890}'`],
    ['a JSON member more that is null', 'json', `json || '{"c": null}'`],
    ['a JSON member less', 'json', `json - 'b'`],
    ['a JSON text in another Unicode form', 'json', `jsonb_set(json, '{a,3}', '"x́"')`],
    ['JSON become a text that holds it', 'json', `to_jsonb(json::text)`],
    ['an integer beyond 2^53 off by one', 'large', `9007199254740992`],
    ['an integer off by 2^32', 'large', `large + 4294967296`],
    ['a small integer with the other sign', 'small', `-small`],
    ['a decimal off in its last digit', 'price', `1.100000000000000000000000000001`],
    ['a decimal become NaN', 'price', `'NaN'`],
    ['a boolean turned', 'flag', `false`],
    ['another enum label', 'kind', `'BLUE'`],
    ['another UUID', 'uuid', `'0e37df36-f698-11e6-8dd4-cb9ced3df977'`],
    ['a row that points to another parent', '"personId"', `'B'`],
    ['a value become NULL', 'small', `NULL`],
    ['a JSON value become NULL', 'json', `NULL`],
    ['a JSON value become JSON null', 'json', `'null'`],
  ]
  /** Other forms of the same values, which Prisma reads as the same. */
  const equalValues: readonly (readonly [what: string, column: string, value: string])[] = [
    ['JSON with its keys in another order, and spaces', 'json', `'{ "long": 12345678901234567890, "a": [1, 2.5, null, "x"], "b": 1 }'`],
    ['JSON with a key twice, the last of which counts', 'json', `'{"b":7,"a":[1,2.5,null,"x"],"long":12345678901234567890,"b":1}'`],
    ['JSON numbers in other forms', 'json', `'{"b":1.0,"a":[1e0,2.50,null,"x"],"long":12345678901234567890}'`],
    ['JSON text with escapes', 'json', String.raw`'{"b":1,"a":[1,2.5,null,"\u0078"],"long":12345678901234567890}'`],
    ['a decimal with zeros behind', 'price', `1.1000`],
    ['a UUID in capitals', 'uuid', `upper(uuid::text)::uuid`],
    ['a blob by its escapes', 'bytes', String.raw`'\000\134x41\377'::bytea`],
  ]
  it(`finds ${plantedValues.length} changed values, each by its key and column, and takes ${equalValues.length} other forms for the same`, async () => {
    const plants = [...plantedValues, ...equalValues]
    const columns = 'small, large, real, price, bytes, json, at, day, uuid, kind, "personId"'
    const copies = (from: string, text: string) => `INSERT INTO "Every kind" (id, flag, text, ${columns})
      SELECT 100 + n, flag, text || n, ${columns} FROM "Every kind", ${from} WHERE id = 1 AND ${text};`
    const series = `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${plants.length}) SELECT n FROM s)`
    await using many = await createSqliteDatabase(sourceSql + copies(series, 'true'))
    await plant(`${copies(`generate_series(1, ${plants.length}) AS n`, 'true')} SELECT setval('"Every kind_id_seq"', 1000)`)
    expect(tableOf(await verify(many.path), 'Every kind')).toMatchObject({ content: 'identical', sourceRows: 5 + plants.length })
    // One statement each, so that one of them that the server refuses is named.
    await withPostgres(target.url, async (client) => {
      for (const [n, [what, column, value]] of plants.entries())
        await client.query(`UPDATE "Every kind" SET ${column} = ${value} WHERE id = ${101 + n}`).catch((cause: unknown) => {
          throw new Error(`could not plant ${what}`, { cause })
        })
    })
    const found = tableOf(await verify(many.path), 'Every kind') as TableComparison
    const told = found.differences.map(({ key, column, kind }) => `${plants[Number(key.id) - 101]?.[0]}: ${column} ${kind}`)
    expect(told).toEqual(plantedValues.map(([what, column]) => `${what}: ${column.replaceAll('"', '')} value-differs`))
    expect(found).toMatchObject({ content: 'different', differencesTotal: plantedValues.length })
  })

  it("finds NULL for '' and '' for NULL", async () => {
    await plant(`UPDATE "Person" SET name = NULL WHERE id = 'z'; UPDATE "Person" SET name = '' WHERE id = 'é'`)
    expect(tableOf(await verify(), 'Person')).toMatchObject({
      differencesTotal: 2,
      differences: [
        { key: { id: 'z' }, column: 'name', kind: 'value-differs' },
        { key: { id: 'é' }, column: 'name', kind: 'value-differs' },
      ],
    })
  })

  it('finds two rows swapped', async () => {
    await plant(`UPDATE "Person" SET name = CASE id WHEN 'a' THEN 'Bob' ELSE 'Ada' END WHERE id IN ('a', 'B')`)
    const keys = [{ id: 'B' }, { id: 'a' }]
    expect(tableOf(await verify(), 'Person')).toMatchObject({
      differencesTotal: 2,
      differences: keys.map((key) => ({ key, column: 'name' })),
    })
  })

  it('finds a row missing and another extra though the counts agree', async () => {
    await plant(`DELETE FROM "Pair" WHERE "right" = 2; INSERT INTO "Pair" VALUES ('x', 11, 'b')`)
    expect(tableOf(await verify(), 'Pair')).toMatchObject({
      sourceRows: 3,
      targetRows: 3,
      content: 'different',
      differences: [
        { key: { left: 'x', right: '2' }, column: null, kind: 'missing-in-target' },
        { key: { left: 'x', right: '11' }, column: null, kind: 'missing-in-source' },
      ],
    })
  })

  it('finds a row missing and another doubled in a table without primary key', async () => {
    await plant(`DELETE FROM "Log" WHERE ctid = (SELECT min(ctid) FROM "Log" WHERE line = 'twice'); INSERT INTO "Log" VALUES ('once', 2)`)
    const log = tableOf(await verify(), 'Log')
    expect(log).toMatchObject({ sourceRows: 4, targetRows: 4, content: 'different', differencesTotal: 2 })
    expect(log).toHaveProperty('differences', [
      { key: { rowid: '3' }, column: null, kind: 'missing-in-target' },
      { key: { ctid: '(0,5)' }, column: null, kind: 'missing-in-source' },
    ])
  })

  it('finds a changed key value that is ordered by meaning', async () => {
    await plant(`UPDATE "Moment" SET at = at + interval '1 second' WHERE what = 'number'`)
    expect(tableOf(await verify(), 'Moment')).toMatchObject({
      differences: [
        { key: { at: '2021-01-01 00:00:00' }, kind: 'missing-in-target' },
        { key: { at: '2021-01-01 00:00:01' }, kind: 'missing-in-source' },
      ],
    })
  })

  it('counts all differences and names a thousand', async () => {
    await using many = await createSqliteDatabase(
      `CREATE TABLE "Many" (id INTEGER PRIMARY KEY, n INTEGER);
       WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 5000) INSERT INTO "Many" SELECT i, i FROM s;`,
    )
    await plant(
      `CREATE TABLE "Many" (id integer PRIMARY KEY, n integer); INSERT INTO "Many" SELECT i, i + 1 FROM generate_series(1, 5000) AS i`,
    )
    const table = (await verify(many.path)).tables.find(({ table }) => table === 'Many')
    expect(table).toMatchObject({ content: 'different', differencesTotal: 5000 })
    expect(table?.differences).toHaveLength(1000)
  })

  it('finds a table that only one side has', async () => {
    await plant(
      `DROP TABLE "Moment"; CREATE TABLE "Extra" (id integer PRIMARY KEY); INSERT INTO "Extra" VALUES (1); CREATE TABLE "Bare" (id integer)`,
    )
    const result = await verify()
    expect(tableOf(result, 'Moment')).toMatchObject({ content: 'different', sourceRows: 3, targetRows: null })
    expect(tableOf(result, 'Extra')).toMatchObject({ content: 'different', sourceRows: null, targetRows: 1 })
    // What only the model has, and nothing is in, is no difference of content.
    expect(tableOf(result, 'Bare')).toMatchObject({ content: 'identical', sourceRows: null, targetRows: 0 })
    expect(result.status).toBe('failed')
  })

  it('finds a column that the target has not', async () => {
    await plant(`ALTER TABLE "Person" DROP COLUMN name`)
    expect(tableOf(await verify(), 'Person')).toMatchObject({ content: 'different', reason: 'Not on both sides: name.' })
  })

  it('calls a value that Prisma cannot read a difference, and goes on', async () => {
    await using odd = await createSqliteDatabase(`CREATE TABLE "Odd" (id INTEGER PRIMARY KEY, n INTEGER, at DATETIME);
      INSERT INTO "Odd" VALUES (1, 'abc', '2024-01-01T00:00:00.000Z'), (2, 2, 'yesterday'), (3, 3, NULL);`)
    await plant(`CREATE TABLE "Odd" (id integer PRIMARY KEY, n integer, at timestamp(3));
      INSERT INTO "Odd" VALUES (1, 0, '2024-01-01'), (2, 2, NULL), (3, 3, 'infinity')`)
    const table = (await verify(odd.path)).tables.find(({ table }) => table === 'Odd')
    expect(table?.differences.map(({ key, column }) => `${key.id} ${column}`)).toEqual(['1 n', '2 at', '3 at'])
  })

  it('says unknown, with the reason, where the target could not be read', async () => {
    const role = `reader_${target.name}`
    await plant(
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; REVOKE SELECT ON "Log" FROM ${role}`,
    )
    const url = new URL(target.url)
    url.username = role
    url.password = 'secret'
    const result = await verifyDatabases({ sourcePath: source.path, targetUrl: url.href }, () => undefined, new AbortController().signal)
    expect(tableOf(result, 'Log')).toMatchObject({ content: 'unknown', targetRows: null })
    expect(tableOf(result, 'Pair')).toMatchObject({ content: 'identical' })
    expect(result.status).toBe('failed')
    await plant(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  it('fails for what is wrong with the structure alone', async () => {
    await plant('DROP INDEX by_person')
    const result = await verify()
    expect(codesOf(result)).toEqual(['INDEX_MISSING'])
    expect(result.tables.every(({ content }) => content === 'identical')).toBe(true)
    expect(result.aspects?.filter(({ status }) => status === 'failed')).toEqual([
      { name: 'indexes', status: 'failed', checked: 7, failed: 1 },
    ])
    expect(result.status).toBe('failed')
  })

  it('finds a sequence that would give out the id of a deleted row again', async () => {
    const db = new Database(source.path)
    db.exec(`UPDATE sqlite_sequence SET seq = 50`)
    db.close()
    expect(codesOf(await verify())).toEqual(['SEQUENCE_BELOW_SOURCE'])
    const again = new Database(source.path)
    again.exec(`UPDATE sqlite_sequence SET seq = 5`)
    again.close()
  })

  it('shows both sides as they were at one moment each, whatever is written while it compares', async () => {
    await using live = await createSqliteDatabase(`PRAGMA journal_mode = WAL; ${sourceSql}`)
    const app = new Database(live.path)
    const client = new pg.Client({ connectionString: target.url })
    await client.connect()
    let isOver = false
    const writes: Promise<unknown>[] = []
    const writeOnTarget = async () => {
      for (let n = 1; !isOver; n++) {
        await client.query(`INSERT INTO "Person" VALUES ('new' || $1, 'x')`, [n])
        await client.query(`UPDATE "Pair" SET note = note || 'x'; DELETE FROM "Log"; INSERT INTO "Log" VALUES ('other', 9)`)
      }
    }
    const write = (n: number) => {
      app.prepare(`INSERT INTO "Person" VALUES ('also new ' || ?, 'y')`).run(n)
      app.exec(`UPDATE "Every kind" SET small = small + 1; DELETE FROM "Moment"`)
    }
    try {
      let events = 0
      const during = await verifyDatabases(
        { sourcePath: live.path, targetUrl: target.url },
        (event) => {
          // From the first phase on both sides are read in their snapshots.
          if (event.type === 'phase' && event.phase === 'counts' && event.status === 'started') writes.push(writeOnTarget())
          if (event.type === 'phase') write(++events)
        },
        new AbortController().signal,
      )
      isOver = true
      await Promise.all(writes)
      expect(during.tables.filter(({ content }) => content !== 'identical')).toEqual([])
      expect(tableOf(during, 'Person')).toMatchObject({ sourceRows: 4, targetRows: 4 })
      const after = await verify(live.path)
      expect(after.tables.filter(({ content }) => content === 'different').map(({ table }) => table)).toEqual(
        expect.arrayContaining(['Every kind', 'Moment', 'Person']),
      )
    } finally {
      isOver = true
      await Promise.allSettled(writes)
      await client.end()
      app.close()
    }
  })

  it('names a row of a table without primary key by its unique columns', async () => {
    await using paired = await createSqliteDatabase(`CREATE TABLE "_AToB" ("A" INTEGER NOT NULL, "B" TEXT NOT NULL);
      CREATE UNIQUE INDEX ab ON "_AToB" ("A", "B"); INSERT INTO "_AToB" VALUES (2, 'q'), (1, 'q'), (1, 'p');`)
    await plant(`CREATE TABLE "_AToB" ("A" integer NOT NULL, "B" text NOT NULL, PRIMARY KEY ("A", "B"));
      INSERT INTO "_AToB" VALUES (1, 'p'), (2, 'q'), (3, 'q')`)
    expect(tableOf(await verify(paired.path), '_AToB')).toMatchObject({
      differences: [
        { key: { A: '1', B: 'q' }, kind: 'missing-in-target' },
        { key: { A: '3', B: 'q' }, kind: 'missing-in-source' },
      ],
    })
  })

  it('stops when cancelled and leaves no connection', async () => {
    const controller = new AbortController()
    const verifying = verifyDatabases(
      { sourcePath: source.path, targetUrl: target.url },
      (event) => event.type === 'phase' && event.phase === 'content' && controller.abort(),
      controller.signal,
    )
    await expect(verifying).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect
      .poll(
        async () =>
          (await plant(`SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'bascule%' AND datname = current_database()`)).rowCount,
      )
      .toBe(0)
  })
})
