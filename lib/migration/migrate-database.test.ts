import { execFileSync } from 'node:child_process'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { reportError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { addForeignIndexes } from '@/lib/sqlite/testing/foreign-tokenizer'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type MigrateOptions, migrateDatabase } from './migrate-database'

const never = new AbortController().signal

function optionsFor(source: TestSqliteDatabase, target: { readonly url: string }, more: Partial<MigrateOptions> = {}): MigrateOptions {
  const base = {
    jobId: `job-${target.url.slice(-12)}`,
    sourcePath: source.path,
    targetUrl: target.url,
    workDir: join(source.folder, 'work'),
  }
  return { ...base, model: { kind: 'introspect' }, fenceSource: true, setAside: false, dryRun: false, ...more }
}

/** Everything that stands in the database and is not PostgreSQL's own. */
async function contentsOf(target: TestPostgresDatabase): Promise<readonly string[]> {
  const { rows } = await withPostgres(target.url, (client) =>
    client.query<{ name: string }>(
      `SELECT nspname || '' AS name FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')
       UNION ALL SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
       UNION ALL SELECT n.nspname || ':' || t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'public'`,
    ),
  )
  return rows.map((row) => row.name)
}

async function expectUntouched(source: TestSqliteDatabase, target: TestPostgresDatabase | null): Promise<void> {
  if (target) expect(await contentsOf(target)).toEqual([])
  const db = openSqlite(source.path)
  expect(readFence(db)).toBeNull()
  expect(db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name LIKE '\\_bascule%' ESCAPE '\\'`).get()).toEqual({ n: 0 })
  db.close()
  const files = await import('node:fs/promises').then(({ readdir }) => readdir(join(source.folder, 'work')).catch(() => []))
  expect(files).toEqual([])
}

const awkward = `
PRAGMA foreign_keys = off;
CREATE TABLE "Order" (id INTEGER PRIMARY KEY AUTOINCREMENT, "na""me" TEXT NOT NULL DEFAULT 'it''s', "größe" REAL, active BOOLEAN DEFAULT 1 CHECK (active IN (0, 1)),
  "parent id" INTEGER REFERENCES "Order"(id) ON DELETE SET NULL, total NUMERIC(10,2) CHECK (total >= 0), made DATETIME DEFAULT CURRENT_TIMESTAMP, blob BLOB);
CREATE UNIQUE INDEX one_active ON "Order" ("na""me") WHERE active = 1;
CREATE INDEX lower_name ON "Order" (lower("na""me"), id DESC);
INSERT INTO "Order" (id, "na""me", "größe", active, "parent id", total, made, blob) VALUES
  (1, 'tab	and \\backslash', 0.1, 1, NULL, 10.5, '2024-01-02 03:04:05', x'00ff'), (2, 'emoji 🎉', 1e300, 0, 1, 0, '2024-01-02T03:04:05.678+00:00', NULL), (9, 'gone', 1, 0, 2, 1, NULL, x'');
DELETE FROM "Order" WHERE id = 9;
CREATE TABLE pair (a TEXT, b INTEGER, note, PRIMARY KEY (b, a)) WITHOUT ROWID;
INSERT INTO pair VALUES ('x', 1, 'n'), ('y', 1, 3);
CREATE TABLE ref (a TEXT, b INTEGER, FOREIGN KEY (b, a) REFERENCES pair (b, a) ON UPDATE CASCADE);
INSERT INTO ref VALUES ('x', 1), ('x', 1), (NULL, NULL);
CREATE TABLE nokey (v INTEGER, twice INTEGER GENERATED ALWAYS AS (v * 2) STORED);
INSERT INTO nokey (v) VALUES (1), (1), (9007199254740993);
CREATE TABLE empty (id INTEGER PRIMARY KEY AUTOINCREMENT);
INSERT INTO empty VALUES (41); DELETE FROM empty;
CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b(id)); CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a(id));
INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1);
CREATE VIEW v AS SELECT * FROM a;
CREATE TABLE "Name" (t TEXT COLLATE NOCASE UNIQUE); INSERT INTO "Name" VALUES ('Ann');`

describe.each([...inject('postgresServers')])('migrateDatabase on $name', (server) => {
  it('brings rows, keys, checks, partial and expression indexes, references and sequences of a file without a model', async () => {
    await using source = await createSqliteDatabase(awkward)
    await using target = await createPostgresDatabase(server)
    const events: ProgressEvent[] = []
    const result = await migrateDatabase(optionsFor(source, target), (event) => events.push(event), never)
    expect(result.error).toBeUndefined()
    expect(result.tables.every((table) => table.sourceRows === table.targetRows)).toBe(true)
    expect(result.rowsCopied).toBe(13)
    expect(result.findings.map((finding) => finding.code)).toEqual(expect.arrayContaining(['VIEW_LEFT_BEHIND', 'NOCASE_INDEX']))
    await withPostgres(target.url, async (client) => {
      // Nobody has to wait for autovacuum: every table was looked at.
      const { rows: unseen } = await client.query(
        `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples < 0`,
      )
      expect(unseen).toEqual([])
      const rows = await client.query(
        `SELECT id, "na""me" AS name, "größe"::text AS size, active, "parent id" AS parent, total::text, made::text, blob FROM "Order" ORDER BY id`,
      )
      expect(rows.rows).toEqual([
        {
          id: 1,
          name: 'tab\tand \\backslash',
          size: '0.1',
          active: true,
          parent: null,
          total: '10.50',
          made: '2024-01-02 03:04:05',
          blob: Buffer.from([0, 255]),
        },
        { id: 2, name: 'emoji 🎉', size: '1e+300', active: false, parent: 1, total: '0.00', made: '2024-01-02 03:04:05.678', blob: null },
      ])
      // The deleted 9 and 41 are not given out again.
      expect((await client.query(`INSERT INTO "Order" ("na""me") VALUES ('next') RETURNING id, "na""me" AS name, active`)).rows).toEqual([
        { id: 10, name: 'next', active: true },
      ])
      expect((await client.query('INSERT INTO empty DEFAULT VALUES RETURNING id')).rows).toEqual([{ id: 42 }])
      expect((await client.query('SELECT v::text, twice::text FROM nokey ORDER BY v')).rows).toEqual([
        { v: '1', twice: '2' },
        { v: '1', twice: '2' },
        { v: '9007199254740993', twice: '18014398509481986' },
      ])
      await expect(client.query(`INSERT INTO "Order" ("na""me", active) VALUES ('next', true)`)).rejects.toThrow('one_active')
      await client.query(`INSERT INTO "Order" ("na""me", active) VALUES ('next', false)`)
      await expect(client.query(`INSERT INTO "Order" ("na""me", total) VALUES ('x', -1)`)).rejects.toThrow('check')
      await expect(client.query(`INSERT INTO ref VALUES ('none', 1)`)).rejects.toThrow('foreign key')
      await expect(client.query(`INSERT INTO "Name" VALUES ('ANN')`)).rejects.toThrow('unique')
      await client.query('DELETE FROM "Order" WHERE id = 1')
      expect((await client.query('SELECT "parent id" AS parent FROM "Order" WHERE id = 2')).rows).toEqual([{ parent: null }])
      const indexes = await client.query<{ def: string }>(
        `SELECT indexdef AS def FROM pg_indexes WHERE indexname IN ('one_active', 'lower_name') ORDER BY indexname`,
      )
      expect(indexes.rows.map((row) => row.def.replace(/.* USING /, ''))).toEqual([
        'btree (lower(("na""me" COLLATE "C")), id DESC)',
        'btree ("na""me") WHERE ((active)::integer = 1)',
      ])
    })
    expect((await stat(result.safetyCopy ?? '')).mode & 0o777).toBe(0o600)
    const other = new Database(source.path)
    expect(() => other.exec('DELETE FROM nokey')).toThrow('BASCULE_FENCED')
    other.close()
    expect(events.filter((event) => event.type === 'phase' && event.status === 'succeeded')).toHaveLength(8)
  })

  it('keeps autovacuum away while tables are filled and indexes built, and leaves no trace of it', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 1)')
    await using target = await createPostgresDatabase(server)
    const ask = `SELECT coalesce(array_to_string(reloptions, ','), '') AS options FROM pg_class WHERE relname = 't'`
    const seen = new Map<string, string>()
    const result = await migrateDatabase(
      optionsFor(source, target),
      // The migration waits for this answer: what it reports is reported before it goes on.
      (event) => event.type === 'phase' && event.status === 'started' && seen.set(event.phase, optionsNow(target.url, ask)),
      never,
    )
    expect(result.error).toBeUndefined()
    expect([...seen].filter(([, options]) => options !== '')).toEqual(
      ['copy', 'structure', 'sequences', 'statistics'].map((phase) => [phase, 'autovacuum_enabled=off']),
    )
    expect(seen.get('counts')).toBe('')
  })

  it('copies the app’s own model by its history, into a schema of its own, as prisma migrate deploy leaves it', async () => {
    const { createCvsiteDatabase } = await import('@/tests/support/sqlite-databases')
    await using source = await createCvsiteDatabase()
    await using target = await createPostgresDatabase(server)
    const db = new Database(source.path)
    db.exec(`INSERT INTO "User" (id, email, updatedAt) VALUES ('u1', 'a@b.c', '2024-05-06T07:08:09.123+00:00')`)
    db.close()
    const model = { kind: 'history', folder: join(import.meta.dirname, '../../prisma/postgresql/migrations') } as const
    const url = `${target.url}?schema=App%20x`
    const result = await migrateDatabase(optionsFor(source, { url }, { model }), () => undefined, never)
    expect(result.error).toBeUndefined()
    await withPostgres(target.url, async (client) => {
      const rows = await client.query(`SELECT email, role::text, "updatedAt"::text AS at FROM "App x"."User"`)
      expect(rows.rows).toEqual([{ email: 'a@b.c', role: 'USER', at: '2024-05-06 07:08:09.123' }])
      expect((await client.query('SELECT finished_at IS NOT NULL AS done FROM "App x"._prisma_migrations')).rows[0]).toEqual({ done: true })
      expect((await client.query(`SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'public'::regnamespace`)).rows).toEqual([
        { n: 0 },
      ])
    })
  })

  it('moves what lies beside full text indexes whose tokenizers only another program has', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 1)')
    addForeignIndexes(source.path)
    await using target = await createPostgresDatabase(server)
    const { error, findings, tables } = await migrateDatabase(optionsFor(source, target), () => undefined, never)
    expect(error).toBeUndefined()
    expect(tables).toMatchObject([{ table: 't', sourceRows: 1, targetRows: 1 }])
    const named = findings.map(({ code, table }) => `${code} ${table}`).sort()
    expect(named).toEqual(['VIRTUAL_TABLE_LEFT_BEHIND foreign_five', 'VIRTUAL_TABLE_LEFT_BEHIND foreign_four'])
  })

  it('moves an empty database', async () => {
    await using source = await createSqliteDatabase('')
    await using target = await createPostgresDatabase(server)
    const result = await migrateDatabase(optionsFor(source, target), () => undefined, never)
    expect(result).toMatchObject({ status: 'succeeded', rowsCopied: 0, tables: [] })
  })

  it('writes nothing in a dry run, and shows the SQL of the schema', async () => {
    await using source = await createSqliteDatabase(awkward)
    await using target = await createPostgresDatabase(server)
    const result = await migrateDatabase(optionsFor(source, target, { dryRun: true }), () => undefined, never)
    expect(result).toMatchObject({ status: 'succeeded', dryRun: true, safetyCopy: null })
    expect(result.targetSchemaSql).toContain('CREATE TABLE "public"."Order"')
    await expectUntouched(source, target)
  })

  it('names a value that cannot be held, before anything is written', async () => {
    await using source = await createSqliteDatabase(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT NOT NULL); INSERT INTO t VALUES (7, 'a' || char(0) || 'b'), (8, 'fine')`,
    )
    await using target = await createPostgresDatabase(server)
    const model = {
      kind: 'schema',
      files: [
        {
          path: 's.prisma',
          content:
            'datasource db {\n provider = "sqlite"\n url = env("X")\n}\ngenerator x { provider = "prisma-nobody" previewFeatures = ["old"] }\nmodel t {\n id Int @id\n note String\n}',
        },
      ],
    } as const
    const result = await migrateDatabase(optionsFor(source, target, { model }), () => undefined, never)
    expect(result.error?.code).toBe('VALUE_REFUSED')
    expect(result.findings).toEqual([
      expect.objectContaining({ code: 'NUL_IN_TEXT', table: 't', column: 'note', key: { id: '7' }, severity: 'blocks' }),
    ])
    await expectUntouched(source, target)
  })

  it('names orphans, before anything is written', async () => {
    await using source = await createSqliteDatabase(
      `PRAGMA foreign_keys = off; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id)); INSERT INTO c VALUES (3, 99)`,
    )
    await using target = await createPostgresDatabase(server)
    const result = await migrateDatabase(optionsFor(source, target), () => undefined, never)
    expect(result.findings).toEqual([expect.objectContaining({ code: 'ORPHAN_ROWS', table: 'c', column: 'p', key: { id: '3' }, count: 1 })])
    await expectUntouched(source, target)
  })

  it('refuses a target that holds something else, and leaves it alone', async () => {
    await using source = await createSqliteDatabase(awkward)
    await using target = await createPostgresDatabase(server)
    await withPostgres(target.url, (client) => client.query('CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)'))
    const result = await migrateDatabase(optionsFor(source, target), () => undefined, never)
    expect(result.error?.code).toBe('TARGET_NOT_EMPTY')
    expect((await withPostgres(target.url, (client) => client.query('SELECT * FROM mine'))).rowCount).toBe(1)
    await expectUntouched(source, null)
  })

  it('sets an earlier copy aside only when told to, and deletes nothing of it', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)')
    await using target = await createPostgresDatabase(server)
    await migrateDatabase(optionsFor(source, target, { fenceSource: false }), () => undefined, never)
    const refused = await migrateDatabase(optionsFor(source, target, { fenceSource: false, jobId: 'second' }), () => undefined, never)
    expect(refused.error?.code).toBe('TARGET_NOT_EMPTY')
    const result = await migrateDatabase(
      optionsFor(source, target, { fenceSource: false, jobId: 'third', setAside: true }),
      () => undefined,
      never,
    )
    expect(result.error).toBeUndefined()
    const schemas = await withPostgres(target.url, (client) =>
      client.query<{ name: string }>(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'before%'`),
    )
    const aside = schemas.rows[0]?.name ?? ''
    expect((await withPostgres(target.url, (client) => client.query(`SELECT * FROM "${aside}".t`))).rowCount).toBe(1)
  })

  it.each([
    ['by a CHECK', undefined],
    // PostgreSQL then speaks of line 1 of the JSON before it says which line of COPY it was.
    ['for its JSON', `v > 0 OR ('{"a":' || v)::jsonb IS NOT NULL`],
  ])('names table, column and row when PostgreSQL refuses one in mid-copy %s, and leaves nothing', async (_why, check) => {
    const { createFailingSource } = await import('./testing/failing-source')
    await using source = await createFailingSource(check)
    await using target = await createPostgresDatabase(server)
    const result = await migrateDatabase(optionsFor(source, target, { model: source.model }), () => undefined, never)
    expect(result.error?.code).toBe('TARGET_REFUSED_ROW')
    expect(result.error?.message).toContain('id=4321')
    await expectUntouched(source, target)
  })
})

describe('a source or target that cannot be used', () => {
  const [server] = inject('postgresServers')
  const someTarget = 'postgresql://me:wrong@127.0.0.1:9/db'

  it.each([
    ['missing', async (source: TestSqliteDatabase) => join(source.folder, 'none.db'), 'SOURCE_MISSING'],
    [
      'not a database',
      async (source: TestSqliteDatabase) => writeTo(join(source.folder, 'x.db'), 'hello world, no database'),
      'SOURCE_NOT_A_DATABASE',
    ],
  ])('is named: the source is %s', async (_name, make, code) => {
    await using source = await createSqliteDatabase(awkward)
    const sourcePath = await make(source)
    const result = await migrateDatabase({ ...optionsFor(source, { url: someTarget }), sourcePath }, () => undefined, never)
    expect(result).toMatchObject({ status: 'failed', error: { code } })
  })

  it('is named: nobody answers, or the password is wrong', async () => {
    await using source = await createSqliteDatabase(awkward)
    expect((await migrateDatabase(optionsFor(source, { url: someTarget }), () => undefined, never)).error?.code).toBe('TARGET_UNREACHABLE')
    if (!server) throw reportError('no server')
    const url = new URL(server.url)
    url.password = 'wrong'
    const result = await migrateDatabase(optionsFor(source, { url: url.href }), () => undefined, never)
    expect(result.error?.code).toBe('TARGET_PASSWORD_REFUSED')
    expect(JSON.stringify(result)).not.toContain('wrong@')
    await expectUntouched(source, null)
  })

  it('is named: a damaged file', async () => {
    await using source = await createSqliteDatabase(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, hex(randomblob(50)) FROM n`,
    )
    const { open } = await import('node:fs/promises')
    const file = await open(source.path, 'r+')
    await file.write(Buffer.alloc(4096, 0x55), 0, 4096, 4096 * 20)
    await file.close()
    if (!server) throw reportError('no server')
    await using target = await createPostgresDatabase(server)
    const result = await migrateDatabase(optionsFor(source, target), () => undefined, never)
    expect(result.error?.code).toBe('SOURCE_DAMAGED')
    expect(await contentsOf(target)).toEqual([])
  })
})

async function writeTo(path: string, content: string): Promise<string> {
  await writeFile(path, content)
  return path
}

function optionsNow(url: string, sql: string): string {
  const program = `const { Client } = require('pg'); const client = new Client(process.argv[1])
    client.connect().then(() => client.query(process.argv[2])).then(({ rows }) => { console.log(rows[0]?.options ?? ''); return client.end() })`
  return execFileSync(process.execPath, ['-e', program, url, sql], { encoding: 'utf8' }).trim()
}
