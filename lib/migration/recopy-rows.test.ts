import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { writeMark } from '@/lib/postgres/copy-mark'
import { inspectedTable, withInspection } from '@/lib/verification/inspection'
import { readValues } from '@/lib/verification/read-values'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { recopyRows } from './recopy-rows'

const sourceSql = `
CREATE TABLE "Person" (id TEXT PRIMARY KEY, mail TEXT UNIQUE, body BLOB, at DATETIME, score REAL);
INSERT INTO "Person" VALUES ('a', 'a@x', x'00ff10', '2024-03-01T10:00:00.123+00:00', 0.1), ('b', 'b@x', NULL, NULL, 2),
  ('c', 'tab	and \\ and é', zeroblob(5000), '2024-03-01T10:00:00.000+00:00', 1e300), ('d', NULL, x'', NULL, NULL);
CREATE TABLE "Note" (id INTEGER PRIMARY KEY, "personId" TEXT REFERENCES "Person"(id) ON DELETE CASCADE, text TEXT);
INSERT INTO "Note" VALUES (1, 'a', 'first'), (2, 'b', NULL);
CREATE TABLE "Moment" (at DATETIME PRIMARY KEY, what TEXT) WITHOUT ROWID;
INSERT INTO "Moment" VALUES (1609459200000, 'number'), ('2019-01-01', 'day');
CREATE TABLE "Log" (line TEXT);
INSERT INTO "Log" VALUES ('twice'), ('twice'), ('once');`
const targetSql = `
CREATE TABLE "Person" (id text PRIMARY KEY, mail text UNIQUE, body bytea, at timestamp(3), score double precision);
INSERT INTO "Person" VALUES ('a', 'a@x', '\\x00ff10', '2024-03-01 10:00:00.123', 0.1), ('b', 'b@x', NULL, NULL, 2),
  ('c', E'tab\\tand \\\\ and é', decode(repeat('00', 5000), 'hex'), '2024-03-01 10:00:00', 1e300), ('d', NULL, '', NULL, NULL);
CREATE TABLE "Note" (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, "personId" text REFERENCES "Person"(id) ON DELETE CASCADE, text text);
INSERT INTO "Note" OVERRIDING SYSTEM VALUE VALUES (1, 'a', 'first'), (2, 'b', NULL);
CREATE TABLE "Moment" (at timestamptz(3) PRIMARY KEY, what text);
INSERT INTO "Moment" VALUES ('2021-01-01 00:00:00Z', 'number'), ('2019-01-01 00:00:00Z', 'day');
CREATE TABLE "Log" (line text);
INSERT INTO "Log" VALUES ('twice'), ('twice'), ('once');`

let source: TestSqliteDatabase
let target: TestPostgresDatabase
const never = new AbortController().signal
const plant = (sql: string) => withPostgres(target.url, (client) => client.query(sql))
const sides = () => ({ sourcePath: source.path, targetUrl: target.url })
const differencesOf = async () =>
  (await verifyDatabases(sides(), () => undefined, never)).tables.flatMap(({ table, differences }) =>
    differences.map(({ key, column, kind }) => ({ table, key, column, kind })),
  )
const recopy = (tables: readonly string[], rows?: { table: string; key: Record<string, string> }[]) =>
  recopyRows({ ...sides(), tables, ...(rows ? { rows } : {}) }, () => undefined, never)

beforeAll(async () => {
  source = await createSqliteDatabase(sourceSql)
  return () => source.remove()
})
beforeEach(async () => {
  target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
  await plant(targetSql)
  return () => target.drop()
})
afterAll(() => undefined)

describe('copying rows again', () => {
  it('brings back changed, missing, swapped and doubled rows, in place, and compares the whole tables again', async () => {
    await plant(`UPDATE "Person" SET body = '\\x00ff11', score = 0.30000000000000004 WHERE id = 'a';
      UPDATE "Person" SET mail = 'x' WHERE id = 'c'; DELETE FROM "Person" WHERE id = 'd'; INSERT INTO "Person" (id, mail) VALUES ('extra', 'e@x');
      DELETE FROM "Note" WHERE id = 2; UPDATE "Moment" SET what = 'other' WHERE what = 'number';
      DELETE FROM "Log" WHERE line = 'once'; INSERT INTO "Log" VALUES ('twice')`)
    const result = await recopy(['Log', 'Moment', 'Note', 'Person'])
    expect(result.tables).toEqual([
      { table: 'Log', copied: 1, removed: 1, differencesBefore: 2, differencesAfter: 0 },
      { table: 'Moment', copied: 1, removed: 0, differencesBefore: 1, differencesAfter: 0 },
      { table: 'Note', copied: 1, removed: 0, differencesBefore: 1, differencesAfter: 0 },
      { table: 'Person', copied: 3, removed: 1, differencesBefore: 5, differencesAfter: 0 },
    ])
    expect(result.status).toBe('succeeded')
    expect(await differencesOf()).toEqual([])
    // The row that others refer to was overwritten, not deleted: nothing cascaded.
    expect((await plant('SELECT count(*)::int AS rows FROM "Note"')).rows).toEqual([{ rows: 2 }])
  })

  it('copies rows that have exchanged unique values, with what refers to them, and leaves the structure as it was', async () => {
    const structure = `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2`
    await plant(`CREATE UNIQUE INDEX lower_mail ON "Person" (lower(mail)) WHERE mail IS NOT NULL;
      CREATE TABLE "Reader" (id integer, mail text REFERENCES "Person" (mail) ON DELETE CASCADE); INSERT INTO "Reader" VALUES (1, 'a@x')`)
    const before = (await plant(structure)).rows
    await plant(`UPDATE "Person" SET mail = 'swap' WHERE id = 'c'`)
    await plant(`ALTER TABLE "Reader" DISABLE TRIGGER ALL; ALTER TABLE "Person" DISABLE TRIGGER ALL;
      UPDATE "Person" SET mail = NULL WHERE id = 'a'; UPDATE "Person" SET mail = 'a@x' WHERE id = 'b'; UPDATE "Person" SET mail = 'b@x' WHERE id = 'a';
      ALTER TABLE "Reader" ENABLE TRIGGER ALL; ALTER TABLE "Person" ENABLE TRIGGER ALL`)
    const result = await recopy(['Person'])
    expect(result).toMatchObject({ status: 'succeeded', tables: [{ copied: 3, differencesBefore: 3, differencesAfter: 0 }] })
    expect((await plant(structure)).rows).toEqual(before)
    expect((await plant('SELECT id, mail FROM "Reader"')).rows).toEqual([{ id: 1, mail: 'a@x' }])
    expect((await plant('SELECT count(*)::int AS rows FROM "Note"')).rows).toEqual([{ rows: 2 }])
  })

  it('changes nothing where the rows would not be unique in the end', async () => {
    await plant(
      `UPDATE "Person" SET mail = 'z' WHERE id = 'b'; UPDATE "Person" SET mail = 'b@x' WHERE id = 'a'; UPDATE "Person" SET mail = 'a@x' WHERE id = 'b'`,
    )
    await expect(recopy(['Person'], [{ table: 'Person', key: { id: 'a' } }])).rejects.toMatchObject({ name: 'AppError' })
    expect((await differencesOf()).map(({ key }) => key.id)).toEqual(['a', 'b'])
  })

  it('copies only the rows that were named', async () => {
    await plant(`UPDATE "Person" SET score = 7 WHERE id IN ('a', 'b')`)
    const result = await recopy(['Person'], [{ table: 'Person', key: { id: 'b' } }])
    expect(result).toMatchObject({ status: 'failed', tables: [{ copied: 1, differencesBefore: 2, differencesAfter: 1 }] })
    expect(await differencesOf()).toEqual([{ table: 'Person', key: { id: 'a' }, column: 'score', kind: 'value-differs' }])
  })

  it('changes nothing when one row is refused', async () => {
    await plant(
      `UPDATE "Person" SET score = 7 WHERE id = 'a'; ALTER TABLE "Note" ADD CHECK (text <> 'first') NOT VALID; DELETE FROM "Note" WHERE id = 1`,
    )
    await expect(recopy(['Person', 'Note'])).rejects.toMatchObject({ name: 'AppError' })
    expect((await differencesOf()).map(({ table }) => table)).toEqual(['Note', 'Person'])
  })

  it('is refused once the app was switched to the target', async () => {
    await withPostgres(target.url, async (client) => {
      await writeMark(client, {
        jobId: 'j',
        targetSchema: 'public',
        createdSchema: false,
        tables: [],
        types: [],
        routines: [],
        recordChecksum: null,
      })
      await client.query(`UPDATE bascule.mark SET state = 'switched'`)
    })
    await expect(recopy(['Person'])).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
  })
})

describe('the values of a row', () => {
  const look = (name: string, key: Record<string, string>, columns: readonly string[] | null = null) =>
    withInspection(sides(), never, async (inspection) => {
      const { table, mapping } = inspectedTable(inspection, name)
      return readValues(inspection, table, mapping, key, columns)
    })

  it('stand side by side, and of long ones the bytes around the first difference', async () => {
    await plant(`UPDATE "Person" SET body = set_byte(body, 4321, 1) WHERE id = 'c'; UPDATE "Person" SET mail = 'a@x ' WHERE id = 'a'`)
    expect(await look('Person', { id: 'a' }, ['mail'])).toEqual([
      {
        column: 'mail',
        source: { type: 'TEXT', form: 'text', lengthBytes: 3, from: 0, same: 'a@x', rest: '', isCut: false },
        target: { type: 'text', form: 'text', lengthBytes: 4, from: 0, same: 'a@x', rest: ' ', isCut: false },
        firstDifference: 3,
      },
    ])
    const [body] = await look('Person', { id: 'c' }, ['body'])
    expect(body).toMatchObject({ firstDifference: 4321, source: { form: 'hex', lengthBytes: 5000, isCut: true }, target: { from: 4273 } })
    expect(body?.source?.same).toBe('00'.repeat(48))
    expect(body?.source?.rest.slice(0, 4)).toBe('0000')
    expect(body?.target?.rest.slice(0, 4)).toBe('0100')
  })

  it('are found by a key that is stored in another form, by ctid and rowid, and are null where there is no row', async () => {
    await plant(`DELETE FROM "Note" WHERE id = 2`)
    expect(await look('Moment', { at: '2021-01-01 00:00:00' }, ['what'])).toMatchObject([
      { source: { same: 'number' }, target: { same: 'number' }, firstDifference: null },
    ])
    expect(await look('Note', { id: '2' })).toMatchObject([
      { column: 'id', source: { type: 'INTEGER', same: '2' }, target: null },
      { column: 'personId', source: { same: 'b' }, target: null },
      { column: 'text', source: { form: 'null' }, target: null },
    ])
    expect(await look('Log', { rowid: '3' })).toMatchObject([{ source: { same: 'once' }, target: null }])
    expect(await look('Log', { ctid: '(0,1)' })).toMatchObject([{ source: null, target: { same: 'twice' } }])
  })

  it('can be read and never written: the sessions themselves refuse', async () => {
    await withInspection(sides(), never, async ({ db, client }) => {
      expect(() => db.exec(`UPDATE "Note" SET text = 'x'`)).toThrow(/readonly/)
      await expect(client.query(`UPDATE "Note" SET text = 'x'`)).rejects.toMatchObject({ code: '25006' })
      await client.query('ROLLBACK')
      // Outside of the transaction, and in a new one, it is the session that refuses.
      await expect(client.query(`DELETE FROM "Note"`)).rejects.toMatchObject({ code: '25006' })
      await client.query('BEGIN')
      await expect(client.query('CREATE TABLE x ()')).rejects.toMatchObject({ code: '25006' })
    })
    expect(await differencesOf()).toEqual([])
  })
})
