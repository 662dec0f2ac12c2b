import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { expectWorded } from '@/tests/support/worded-findings'
import { migrateDatabase } from './migrate-database'
import type { MigrationResult } from './migration-result'

/** A file whose data model has gone another way since. */
describe.each([...inject('postgresServers')])('a model that has drifted from its file, on $name', (server) => {
  it('names what the file has and the model otherwise, and keeps the key of the file as a unique index', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE "Parent" (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE);
      CREATE TABLE "Child" (a INTEGER NOT NULL, b INTEGER NOT NULL, name TEXT NOT NULL DEFAULT 'none', size INTEGER DEFAULT 5, role TEXT DEFAULT 'USER',
        doubled INTEGER AS (a * 2) STORED, parent INTEGER REFERENCES "Parent" (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        null_name TEXT COLLATE NOCASE, PRIMARY KEY (a, b));
      CREATE UNIQUE INDEX only_named ON "Child" (b) WHERE null_name IS NOT NULL;
      INSERT INTO "Parent" (code) VALUES ('x'), ('y');
      INSERT INTO "Child" (a, b, parent) VALUES (1, 1, 1), (2, 1, 2), (3, 7, NULL)`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(
      source,
      target,
      `model Parent {\n id Int\n code String @id\n child Child[]\n @@unique([id])\n}
       model Child {\n a Int @id\n b Int?\n name String?\n size Int?\n role String? @default("ADMIN")\n doubled Int?\n parent Int?\n null_name String?\n
         of Parent? @relation(fields: [parent], references: [id])\n}`,
    )
    expect(result.error).toBeUndefined()
    expect(result.findings.map(({ code, severity, table, column, params }) => [code, severity, table, column, params.kind])).toEqual([
      ['KEY_NOT_IN_MODEL', 'note', 'Child', 'a, b', undefined],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'b', 'notnull'],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'name', 'notnull'],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'name', 'default'],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'size', 'default'],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'role', 'otherdefault'],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'doubled', 'computed'],
      ['RULE_NOT_IN_MODEL', 'note', 'Child', 'parent', 'action'],
      ['KEY_NOT_IN_MODEL', 'note', 'Parent', 'id', undefined],
      ['RULE_NOT_IN_MODEL', 'note', 'Parent', 'id', 'counting'],
    ])
    await withPostgres(target.url, async (client) => {
      await client.query(`INSERT INTO "Child" (a, b) VALUES (4, 7)`)
      await expect(client.query(`UPDATE "Child" SET null_name = 'n', b = 9 WHERE a IN (3, 4)`)).rejects.toThrow(/only_named/)
      const { rows } = await client.query(`SELECT indexdef FROM pg_indexes WHERE tablename = 'Child' AND indexdef LIKE '%UNIQUE%(a, b)'`)
      expect(rows).toHaveLength(1)
    })
  })

  it('computes the columns that the model lacks by the types of those that it has', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE "Item" (id INTEGER PRIMARY KEY, bytes BLOB, price DECIMAL, paid BOOLEAN, at DATETIME, n INTEGER, name TEXT,
        b TEXT AS (bytes), p TEXT AS (price || 'x'), t TEXT AS (at), f TEXT AS (paid || '!'), m INTEGER AS (n + 1), o BOOLEAN AS (n > 5), c INTEGER AS (trim(name)));
      INSERT INTO "Item" (bytes, price, paid, at, n, name) VALUES (x'6162', 2.5, 1, '2024-01-02T10:00:00.000+00:00', 7, '01')`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(
      source,
      target,
      `model Item {\n id Int @id\n bytes Bytes?\n price Decimal?\n paid Boolean?\n at DateTime?\n n Int?\n name String?\n}`,
    )
    expect(result.error).toBeUndefined()
    const fixed = result.findings.flatMap(({ code, column }) => (code === 'GENERATED_COLUMN_FIXED' ? [column] : []))
    expect(fixed).toEqual(['b', 'p', 't', 'c'])
    await withPostgres(target.url, async (client) => {
      const { rows } = await client.query('SELECT b, p, t, f, m, o, c FROM "Item"')
      expect(rows).toEqual([{ b: 'ab', p: '2.5x', t: '2024-01-02T10:00:00.000+00:00', f: '1!', m: 8, o: true, c: 1 }])
      await client.query('INSERT INTO "Item" (id, n) VALUES (2, 3)')
      expect((await client.query('SELECT m, o FROM "Item" WHERE id = 2')).rows).toEqual([{ m: 4, o: false }])
    })
  })

  it('leaves behind what SQLite compares as texts and the model as numbers', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE "Price" (id INTEGER PRIMARY KEY, price TEXT CHECK (price <= 100), qty VARCHAR(10) CHECK (qty BETWEEN 1 AND 50) CHECK (length(qty) < 5));
      CREATE UNIQUE INDEX one ON "Price" (qty) WHERE price < 20;
      INSERT INTO "Price" VALUES (1, '10.50', '100'), (2, '-5', '30')`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, `model Price {\n id Int @id\n price Decimal?\n qty Int?\n}`)
    expect(result.error).toBeUndefined()
    expect(result.findings.map(({ code, shape }) => `${code} ${shape}`).filter((named) => named.includes('LEFT_BEHIND'))).toEqual([
      'CHECK_LEFT_BEHIND CHECK (price <= 100)',
      'CHECK_LEFT_BEHIND CHECK (qty BETWEEN 1 AND 50)',
      'CHECK_LEFT_BEHIND CHECK (length(qty) < 5)',
      'UNIQUE_LEFT_BEHIND one',
    ])
  })

  it('names each default that the model has otherwise, and none that only looks otherwise', async () => {
    const types = {
      a: 'Role',
      b: 'Boolean',
      c: 'Json',
      d: 'Float',
      e: 'Bytes',
      f: 'BigInt',
      g: 'Decimal',
      h: 'DateTime',
      m: 'String',
      n: 'Int',
    }
    const json = (text: string) => `"${text.replaceAll('"', '\\"')}"`
    const columns: readonly (readonly [type: keyof typeof types, file: string, other: string | null, same: string | null])[] = [
      ['a', `TEXT DEFAULT 'ADMIN'`, 'USER', 'ADMIN'],
      ['b', 'BOOLEAN DEFAULT 1', 'false', 'true'],
      ['b', `BOOLEAN DEFAULT 'true'`, 'false', 'true'],
      ['c', `JSONB DEFAULT '{"a":1,"b":[]}'`, json('{"a":2,"b":[]}'), json('{"b": [], "a": 1.0}')],
      ['d', 'REAL DEFAULT -0.5', '0.5', '-0.5'],
      ['d', 'REAL DEFAULT 1', '1.25', '1'],
      ['e', `BLOB DEFAULT x'01'`, '"Ag=="', '"AQ=="'],
      ['f', 'BIGINT DEFAULT 9007199254740993', '9007199254740992', '9007199254740993'],
      ['g', 'DECIMAL DEFAULT 1.10', '1.2', '1.1'],
      ['h', `DATETIME DEFAULT '2024-01-02 00:00:00'`, '"2024-01-01T00:00:00Z"', '"2024-01-02T00:00:00Z"'],
      ['h', `DATETIME DEFAULT '2024-01-02T02:00:00.000+02:00'`, '"2024-01-02T02:00:00Z"', '"2024-01-02T00:00:00Z"'],
      ['h', 'DATETIME DEFAULT 1704189600000', '"2024-01-03T00:00:00Z"', '"2024-01-02T10:00:00Z"'],
      ['h', 'DATETIME DEFAULT CURRENT_TIMESTAMP', '"2024-01-02T00:00:00Z"', 'now()'],
      ['h', `DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`, '"2024-01-02T00:00:00Z"', 'now()'],
      ['h', 'DATETIME DEFAULT (unixepoch() * 1000)', '"2024-01-02T00:00:00Z"', 'now()'],
      ['h', `DATETIME DEFAULT (datetime('now', '+1 day'))`, 'now()', null],
      ['h', `DATETIME DEFAULT '2024-01-01'`, 'now()', null],
      ['m', `TEXT DEFAULT '007'`, '"7"', '"007"'],
      ['m', 'TEXT DEFAULT "it\'s"', '"its"', '"it\'s"'],
      ['m', `TEXT DEFAULT (upper('ab') || 'c')`, '"abc"', '"ABc"'],
      ['m', 'TEXT DEFAULT (lower(hex(randomblob(4))))', '"x"', null],
      ['n', 'INTEGER DEFAULT (1+1)', '3', '2'],
      ['n', `INTEGER DEFAULT '12'`, '13', '12'],
      ['n', 'INTEGER DEFAULT (abs(random() % 5))', '2', null],
      // What is not known is not said.
      ['m', 'TEXT DEFAULT (sqlite_version())', null, '"x"'],
    ]
    const sql = columns.map(([type, file], index) => `${type}${index} ${file}`)
    const fields = (at: 2 | 3) =>
      columns.flatMap((column, index) => (column[at] === null ? [] : [`${column[0]}${index} ${types[column[0]]} @default(${column[at]})`]))
    await using source = await createSqliteDatabase(
      ['Other', 'Same'].map((table) => `CREATE TABLE "${table}" (id INTEGER PRIMARY KEY, ${sql.join(', ')});`).join('\n'),
    )
    await using target = await createPostgresDatabase(server)
    const model = (name: string, at: 2 | 3) => `model ${name} {\n id Int @id\n ${fields(at).join('\n ')}\n}`
    const result = await migrate(source, target, `enum Role {\n ADMIN\n USER\n}\n${model('Other', 2)}\n${model('Same', 3)}`)
    expect(result.error).toBeUndefined()
    const named = result.findings.filter(({ params }) => params.kind === 'otherdefault').map(({ table, column }) => `${table}.${column}`)
    expect(named).toEqual(columns.flatMap(([type, , other], index) => (other === null ? [] : [`Other.${type}${index}`])))
  })

  it('takes the defaults that the model leaves to the database from the file', async () => {
    await using source =
      await createSqliteDatabase(`CREATE TABLE "Row_" (id INTEGER PRIMARY KEY, code TEXT NOT NULL DEFAULT (lower(hex(randomblob(4)))),
      "sum_" INTEGER NOT NULL DEFAULT (1+2), short VARCHAR(3) DEFAULT 'abc', at DATETIME DEFAULT CURRENT_TIMESTAMP, odd TEXT DEFAULT (sqlite_version()), none TEXT)`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(
      source,
      target,
      `model Row {\n id Int @id\n code String @default(dbgenerated("(lower(hex(randomblob(4))))"))\n sum Int @default(dbgenerated("(1+2)")) @map("sum_")
        short String? @default(dbgenerated())\n at DateTime? @default(dbgenerated("CURRENT_TIMESTAMP"))\n odd String? @default(dbgenerated("(sqlite_version())"))
        none String? @default(dbgenerated("x"))\n @@map("Row_")\n}`,
    )
    expect(result.findings.map(({ code, column }) => [code, column])).toEqual([['DEFAULT_LEFT_BEHIND', 'odd']])
    await withPostgres(target.url, async (client) => {
      const { rows } = await client.query('INSERT INTO "Row_" (id) VALUES (1) RETURNING *')
      expect(rows).toEqual([
        { id: 1, code: expect.stringMatching(/^[0-9a-f]{8}$/), sum_: 3, short: 'abc', at: expect.any(Date), odd: null, none: null },
      ])
    })
  })

  it('says of a model of another file that it is, once, and nothing of what follows from that', async () => {
    const columns = Array.from({ length: 33 }, (_, index) => `k${index}`)
    await using source = await createSqliteDatabase(`
      CREATE TABLE "User" (id TEXT PRIMARY KEY, avatar TEXT, bio TEXT, points INTEGER); CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
      CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT, colour TEXT); INSERT INTO "User" (id) VALUES ('a'), ('b');`)
    const shop = (id: string) => `model User {\n id ${id} @id\n email String?\n phone String?\n}
      model Order {\n id Int @id\n total Int\n state String\n at DateTime\n}`
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, shop('Int'))
    expect(result.status).toBe('failed')
    expect(result.findings.map(({ code, severity }) => [code, severity])).toEqual([['MODEL_OF_ANOTHER_FILE', 'blocks']])
    expect(result.findings[0]?.params).toEqual({ expected: 'Order, User', present: 'User, notes, tags' })
    // Where nothing is in the way, everything arrives, and it is said as well.
    const other = await migrate(source, target, shop('String'))
    expect(other.error).toBeUndefined()
    expect(other.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['MODEL_OF_ANOTHER_FILE', 'TABLE_ADDED', 'TABLE_NOT_IN_SOURCE']),
    )
    // What the model has as the file has it is said as the file's, not as a failure to make the schema.
    await using wide = await createSqliteDatabase(
      `CREATE TABLE keyed (${columns.map((name) => `${name} INT`).join()}, PRIMARY KEY (${columns.join()}))`,
    )
    await using empty = await createPostgresDatabase(server)
    const refused = await migrate(
      wide,
      empty,
      `model keyed {\n ${columns.map((name) => `${name} Int`).join('\n ')}\n @@id([${columns.join()}])\n}`,
    )
    expect(refused.findings.map(({ code }) => code)).toEqual(['TOO_MANY_KEY_COLUMNS'])
    expectWorded([...result.findings, ...refused.findings])
  })

  it('refuses, before anything is written, what breaks a rule that only the model has', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE "Parent" (id INTEGER PRIMARY KEY AUTOINCREMENT);
      CREATE TABLE "Child" (id INTEGER NOT NULL, kind INTEGER NOT NULL, parent INTEGER, mail TEXT, PRIMARY KEY (id, kind));
      CREATE TABLE loose (number INTEGER, note TEXT); CREATE TABLE "user" (id INTEGER PRIMARY KEY, username TEXT);
      CREATE TABLE "Named" (id INTEGER PRIMARY KEY, nickname TEXT);
      INSERT INTO "Parent" VALUES (1); UPDATE sqlite_sequence SET seq = 3000000000;
      INSERT INTO "Child" VALUES (1, 1, 1, 'a'), (1, 2, 9, 'b'), (2, 1, 9, 'a'), (3, 1, NULL, NULL), (4, 1, NULL, NULL);
      INSERT INTO loose VALUES (1, 'x'), (1, 'y'), (2, NULL)`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(
      source,
      target,
      `model Parent {\n id Int @id @default(autoincrement())\n child Child[]\n}
       model Child {\n id Int @id\n kind Int\n parent Int?\n mail String? @unique\n of Parent? @relation(fields: [parent], references: [id])\n}
       model Loose {\n number Int @id\n note String?\n @@map("loose")\n}
       model User {\n id Int @id @default(autoincrement())\n username String?\n}
       model Named {\n id Int @id @default(autoincrement())\n nickName String?\n}`,
    )
    expect(result.status).toBe('failed')
    const blocking = result.findings.filter(({ severity }) => severity === 'blocks')
    expect(blocking.map(({ code, table, column, key, count, choices }) => [code, table, column, key, count, choices.length])).toEqual([
      ['NAME_CASE_DIFFERS', 'Named', 'nickname', null, 1, 0],
      ['COUNTER_OUT_OF_RANGE', 'Parent', 'id', null, 1, 0],
      ['NAME_CASE_DIFFERS', 'user', null, null, 1, 0],
      ['ORPHAN_ROWS', 'Child', 'parent', { id: '1', kind: '2' }, 2, 0],
      ['DUPLICATE_AFTER_CONVERSION', 'Child', 'mail', { id: '2', kind: '1' }, 1, 0],
      ['DUPLICATE_AFTER_CONVERSION', 'Child', 'id', { id: '1', kind: '2' }, 1, 0],
      ['DUPLICATE_AFTER_CONVERSION', 'loose', 'number', { rowid: '2' }, 1, 0],
    ])
    const { rows } = await withPostgres(target.url, (client) =>
      client.query(`SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'bascule')`),
    )
    expect(rows).toEqual([])
  })
})

function migrate(source: TestSqliteDatabase, target: TestPostgresDatabase, models: string): Promise<MigrationResult> {
  const content = `datasource db {\n provider = "sqlite"\n}\n${models}`
  const options = {
    jobId: `job-${target.name}`,
    sourcePath: source.path,
    targetUrl: target.url,
    model: { kind: 'schema', files: [{ path: 'schema.prisma', content }] },
    workDir: join(source.folder, 'work'),
    fenceSource: false,
    setAside: false,
    dryRun: false,
  } as const
  return migrateDatabase(options, () => undefined, new AbortController().signal)
}
