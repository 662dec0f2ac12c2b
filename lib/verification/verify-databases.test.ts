import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { everyKindSource, everyKindTarget } from './testing/every-kind'
import { verificationResultSchema } from './verification-result'
import { verifyDatabases } from './verify-databases'

describe.each([...inject('postgresServers')])('verification against $name', (server) => {
  let source: TestSqliteDatabase
  let target: TestPostgresDatabase
  beforeAll(async () => {
    source = await createSqliteDatabase(everyKindSource)
  })
  afterAll(() => source.remove())
  beforeEach(async () => {
    target = await createPostgresDatabase(server)
    await withPostgres(target.url, (client) => client.query(everyKindTarget))
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
    await using wide = await createSqliteDatabase(`PRAGMA encoding = 'UTF-16le'; ${everyKindSource}`)
    const same = await verify(wide.path)
    expect(same.tables.filter(({ content }) => content !== 'identical')).toEqual([])
    await plant(`UPDATE "Person" SET name = 'Adä' WHERE id = 'a'`)
    expect(tableOf(await verify(wide.path), 'Person')).toMatchObject({ differences: [{ key: { id: 'a' }, column: 'name' }] })
  })

  it('takes a text in a column of numbers for what Prisma reads, an empty one for 0', async () => {
    await using numbers = await createSqliteDatabase(`CREATE TABLE n (id INTEGER PRIMARY KEY, i INTEGER, b BIGINT, f REAL);
      INSERT INTO n VALUES (1, '', '', ''), (2, '  ', ' ', ' '), (3, '', '', '')`)
    await plant(`CREATE TABLE n (id integer PRIMARY KEY, i integer, b bigint, f double precision);
      INSERT INTO n VALUES (1, 0, 0, 0), (2, 0, 0, 0), (3, 1, NULL, '-0')`)
    const differences = ['i', 'b', 'f'].map((column) => ({ key: { id: '3' }, column, kind: 'value-differs' }))
    expect(tableOf(await verify(numbers.path), 'n')).toMatchObject({ differences })
  })

  it('cuts the fraction of a truth value where the column is declared as an integer, as Prisma does', async () => {
    await using truths = await createSqliteDatabase(
      `CREATE TABLE truth (id INTEGER PRIMARY KEY, i INTEGER, b BOOLEAN); INSERT INTO truth VALUES (1, 1.5, 1.5), (2, 0.5, 2)`,
    )
    await plant(
      `CREATE TABLE truth (id integer PRIMARY KEY, i boolean, b boolean); INSERT INTO truth VALUES (1, true, false), (2, false, false)`,
    )
    expect(tableOf(await verify(truths.path), 'truth')).toMatchObject({ content: 'identical' })
  })

  it.each(['UTF-8', 'UTF-16le', 'UTF-16be'])('reads both sides in one order, whatever the key: %s', async (encoding) => {
    const texts = ['a', 'ab', 'aĀ', 'b', 'Z', 'é', 'Ā', 'ā', '日本', '￮', '😀', '😀b'].map((text) => `('${text}')`)
    const numbers = ['9007199254740993', '9007199254740992', '0', '0.5', '0.25', '-0.25', '-0.5', '-9007199254740992', '-9007199254740993']
    const moments = ["'0001-01-01'", "'9999-12-31 23:59:59'", "'2024-03-01T10:00:00.123Z'", '-62198755200000', '253402300800000', '1']
    const values = `INSERT INTO "Word" VALUES ${texts};
      INSERT INTO "Amount" VALUES ${numbers.map((number) => `(${number})`)};`
    await using keyed = await createSqliteDatabase(
      `PRAGMA encoding = '${encoding}'; CREATE TABLE "Word" (k TEXT PRIMARY KEY); CREATE TABLE "Amount" (k DECIMAL PRIMARY KEY);
       CREATE TABLE "Moment of" (k DATETIME PRIMARY KEY); ${values}
       INSERT INTO "Moment of" VALUES ${moments.map((moment) => `(${moment})`)}`,
    )
    await plant(`CREATE TABLE "Word" (k text PRIMARY KEY); CREATE TABLE "Amount" (k numeric PRIMARY KEY);
      CREATE TABLE "Moment of" (k timestamp(3) PRIMARY KEY); ${values}
      INSERT INTO "Moment of" VALUES ('0001-01-01'), ('9999-12-31 23:59:59'), ('2024-03-01 10:00:00.123'), ('0002-01-01 BC'),
        ('10000-01-01'), ('1970-01-01 00:00:00.001')`)
    const { tables } = await verify(keyed.path)
    const compared = tables.filter(({ table }) => ['Word', 'Amount', 'Moment of'].includes(table))
    expect(compared.map(({ table, content, differences }) => [table, content, differences])).toEqual([
      ['Amount', 'identical', []],
      ['Moment of', 'identical', []],
      ['Word', 'identical', []],
    ])
  })

  it.each(['UTF-8', 'UTF-16be'])(
    'compares rows of several megabytes, the longest by digest, and finds one byte in them: %s',
    async (encoding) => {
      const size = 8 * 1024 * 1024
      // In UTF-8 longer than what is compared as it stands, in UTF-16 shorter.
      const characters = 3 * 1024 * 1024
      await using large = await createSqliteDatabase(
        `PRAGMA encoding = '${encoding}'; CREATE TABLE "Large" (id TEXT PRIMARY KEY, body BLOB, text TEXT);
       INSERT INTO "Large" SELECT 'k' || value, zeroblob(value), 'short' FROM (SELECT 1 AS value UNION ALL SELECT 2 UNION ALL SELECT ${size} UNION ALL SELECT ${size + 1});
       UPDATE "Large" SET text = replace(hex(zeroblob(${characters})), '00', '日') WHERE id = 'k2';`,
      )
      await plant(`CREATE TABLE "Large" (id text PRIMARY KEY, body bytea, text text);
      INSERT INTO "Large" SELECT 'k' || n, decode(repeat('00', n), 'hex'), 'short' FROM unnest(ARRAY[1, 2, ${size}, ${size + 1}]) AS n;
      UPDATE "Large" SET text = repeat('日', ${characters}) WHERE id = 'k2'`)
      const same = await verify(large.path)
      expect(tableOf(same, 'Large')).toMatchObject({ content: 'identical', sourceRows: 4 })
      await plant(`UPDATE "Large" SET body = set_byte(body, octet_length(body) - 1, 1) WHERE id IN ('k${size}', 'k${size + 1}');
      UPDATE "Large" SET text = overlay(text placing '月' from ${characters}) WHERE id = 'k2'`)
      expect(tableOf(await verify(large.path), 'Large')).toMatchObject({
        differences: [
          { key: { id: 'k2' }, column: 'text', kind: 'value-differs' },
          { key: { id: `k${size}` }, column: 'body', kind: 'value-differs' },
          { key: { id: `k${size + 1}` }, column: 'body', kind: 'value-differs' },
        ],
      })
    },
  )

  it('compares rows of several megabytes of a table without primary key, small ones among them', async () => {
    const size = 9 * 1024 * 1024
    await using large = await createSqliteDatabase(
      `CREATE TABLE "Loose" (body BLOB, n INTEGER, text TEXT);
       INSERT INTO "Loose" (rowid, body, n, text) VALUES (-5, zeroblob(${size}), 1, 'é'), (2, x'', NULL, 'a'), (3, x'', NULL, 'a'), (9, zeroblob(${size}), 1, 'é'), (10, NULL, 7, NULL)`,
    )
    await plant(`CREATE TABLE "Loose" (body bytea, n bigint, text text);
      INSERT INTO "Loose" VALUES (NULL, 7, NULL), ('', NULL, 'a'), (decode(repeat('00', ${size}), 'hex'), 1, 'é'), ('', NULL, 'a'), (decode(repeat('00', ${size}), 'hex'), 1, 'é')`)
    const same = await verify(large.path)
    expect(same.tables.find(({ table }) => table === 'Loose')).toMatchObject({ content: 'identical', sourceRows: 5 })
    await plant(`UPDATE "Loose" SET body = set_byte(body, ${size - 1}, 1) WHERE ctid = (SELECT max(ctid) FROM "Loose")`)
    const changed = await verify(large.path)
    expect(changed.tables.find(({ table }) => table === 'Loose')?.differences).toMatchObject([
      { key: { rowid: expect.stringMatching(/^(-5|9)$/) }, kind: 'missing-in-target' },
      { kind: 'missing-in-source' },
    ])
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

  it('lets the target have a required column more where there are no rows, and nowhere else', async () => {
    await plant(`ALTER TABLE "Empty" ADD added text NOT NULL`)
    const eased = await verify()
    expect(eased.status).toBe('succeeded')
    expect(eased.findings).toMatchObject([{ code: 'COLUMN_NOT_IN_SOURCE', severity: 'note', table: 'Empty', column: 'added' }])
    await plant(`ALTER TABLE "Person" ADD added text NOT NULL DEFAULT ''; ALTER TABLE "Person" ALTER added DROP DEFAULT`)
    expect(tableOf(await verify(), 'Person')).toMatchObject({ content: 'different', cause: { code: 'columns-on-one-side' } })
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
    await using live = await createSqliteDatabase(`PRAGMA journal_mode = WAL; ${everyKindSource}`)
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
