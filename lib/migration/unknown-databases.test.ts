import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { startOwnServer } from '@/tests/support/own-server'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type MigrateOptions, migrateDatabase } from './migrate-database'
import type { MigrationResult } from './migration-result'

/** What databases nobody here had seen turned out to hold, without a model. */
describe.each([...inject('postgresServers')])('migrateDatabase on $name, of a database it has never seen', (server) => {
  it('leaves behind only the defaults and computed columns that PostgreSQL refuses, and says which', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE item (id INTEGER PRIMARY KEY, qty INTEGER DEFAULT 2, payload JSON DEFAULT '', code UUID DEFAULT 'none',
        doubled INTEGER GENERATED ALWAYS AS (qty * 2) STORED, again INTEGER AS (doubled + 1) VIRTUAL);
      INSERT INTO item (id, payload, code) VALUES (1, '{}', NULL)`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target)
    expect(result.error).toBeUndefined()
    expect(result.findings.map(({ code, column }) => `${code} ${column}`)).toEqual([
      'DEFAULT_LEFT_BEHIND payload',
      'DEFAULT_LEFT_BEHIND code',
      'GENERATED_COLUMN_FIXED again',
    ])
    const { rows } = await withPostgres(target.url, async (client) => {
      await client.query('INSERT INTO item (id) VALUES (2)')
      return client.query('SELECT id, qty, doubled, again FROM item ORDER BY id')
    })
    expect(rows).toEqual([
      { id: 1, qty: 2, doubled: 4, again: 5 },
      { id: 2, qty: 2, doubled: 4, again: null },
    ])
  })

  it('names every table and column that PostgreSQL cannot have, before anything is made', async () => {
    const long = 'n'.repeat(70)
    await using source = await createSqliteDatabase(
      `CREATE TABLE ${long}1 (id INTEGER PRIMARY KEY); CREATE TABLE ${long}2 (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, ctid TEXT, "" TEXT)`,
    )
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target)
    expect(result.status).toBe('failed')
    expect(result.findings.map(({ code, table, column }) => [code, table, column])).toEqual([
      ['NAME_TOO_LONG', `${long}1`, null],
      ['NAME_TOO_LONG', `${long}2`, null],
      ['NAME_UNUSABLE', 't', 'ctid'],
      ['NAME_UNUSABLE', 't', ''],
    ])
  })

  it('makes tables that are called as PostgreSQL calls keys and sequences', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER UNIQUE); CREATE TABLE t_id_seq (id INTEGER PRIMARY KEY AUTOINCREMENT);
      CREATE TABLE t_pkey (id INTEGER PRIMARY KEY); CREATE TABLE t_a_key (x INTEGER);
      INSERT INTO t VALUES (4, 1); INSERT INTO t_id_seq VALUES (7); INSERT INTO t_pkey VALUES (1); INSERT INTO t_a_key VALUES (2)`)
    await using target = await createPostgresDatabase(server)
    expect((await migrate(source, target)).error).toBeUndefined()
    const { rows } = await withPostgres(target.url, (client) =>
      client.query(
        'WITH a AS (INSERT INTO t (a) VALUES (2) RETURNING id), b AS (INSERT INTO t_id_seq DEFAULT VALUES RETURNING id) SELECT a.id AS t, b.id AS seq FROM a, b',
      ),
    )
    expect(rows).toEqual([{ t: 5, seq: 8 }])
  })

  it('keeps two constraints that have one name in SQLite', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE team (id TEXT NOT NULL PRIMARY KEY); CREATE TABLE settings (id TEXT NOT NULL PRIMARY KEY);
      CREATE TABLE image (id INTEGER PRIMARY KEY, team TEXT, CONSTRAINT fk FOREIGN KEY (team) REFERENCES team (id), CONSTRAINT fk FOREIGN KEY (team) REFERENCES settings (id))`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target)
    expect(result).toMatchObject({ status: 'succeeded', findings: [{ code: 'NAME_SHORTENED', table: 'image', shape: 'fk → fk_2' }] })
    const { rows } = await withPostgres(target.url, (client) =>
      client.query(`SELECT conname FROM pg_constraint WHERE contype = 'f' ORDER BY conname`),
    )
    expect(rows).toEqual([{ conname: 'fk' }, { conname: 'fk_2' }])
  })

  it('keeps a primary key that ignores case, and names rows that need it to find their row', async () => {
    const tables = `CREATE TABLE tag (name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE); INSERT INTO tag VALUES ('Abc');
      CREATE TABLE post (id INTEGER PRIMARY KEY, tag TEXT REFERENCES tag (name));`
    await using source = await createSqliteDatabase(`${tables} INSERT INTO post VALUES (1, 'Abc')`)
    await using target = await createPostgresDatabase(server)
    expect((await migrate(source, target)).error).toBeUndefined()
    await withPostgres(target.url, async (client) => {
      await expect(client.query(`INSERT INTO tag VALUES ('ABC')`)).rejects.toThrow('tag_pkey_nocase')
    })

    await using other = await createSqliteDatabase(`${tables} INSERT INTO post VALUES (1, 'Abc'), (7, 'ABC'), (8, NULL);
      CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT COLLATE NOCASE UNIQUE); INSERT INTO word VALUES (1, 'Word');
      CREATE TABLE line (id INTEGER PRIMARY KEY, word TEXT REFERENCES word (text)); INSERT INTO line VALUES (1, 'Word'), (2, 'word')`)
    await using empty = await createPostgresDatabase(server)
    const refused = await migrate(other, empty)
    expect(refused.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          code: 'REFERENCE_CASE_DIFFERS',
          severity: 'blocks',
          table: 'post',
          column: 'tag',
          key: { id: '7' },
          count: 1,
        }),
        // Of a key that is unique and no primary one as well.
        expect.objectContaining({ code: 'REFERENCE_CASE_DIFFERS', severity: 'blocks', table: 'line', column: 'word', key: { id: '2' } }),
      ]),
    )
    expect(refused.status).toBe('failed')
  })
})

it('lets a model be ahead of an empty table, and names the column where there are rows to fill', async () => {
  const [server] = inject('postgresServers')
  if (!server) throw new Error('no server')
  await using source = await createSqliteDatabase(
    `CREATE TABLE "Empty" (id INTEGER PRIMARY KEY); CREATE TABLE "Full" (id INTEGER PRIMARY KEY)`,
  )
  await using target = await createPostgresDatabase(server)
  const content = `datasource db {\n provider = "sqlite"\n}\nmodel Empty {\n id Int @id\n added String\n}\nmodel Full {\n id Int @id\n added String\n}`
  const options = { model: { kind: 'schema', files: [{ path: 'schema.prisma', content }] }, dryRun: true } as const
  expect((await migrate(source, target, options)).error).toBeUndefined()
  const db = new Database(source.path)
  db.exec('INSERT INTO "Full" VALUES (1)')
  db.close()
  const { findings } = await migrate(source, target, options)
  expect(findings.map(({ code, severity, table, column }) => [code, severity, table, column])).toEqual([
    ['COLUMN_NOT_IN_SOURCE', 'note', 'Empty', 'added'],
    ['COLUMN_NOT_IN_SOURCE', 'blocks', 'Full', 'added'],
  ])
})

it('refuses more tables than the server has locks for before anything is written, and says which setting helps', async () => {
  const tables = Array.from({ length: 600 }, (_, n) => `CREATE TABLE t${n} (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT UNIQUE);`)
  await using source = await createSqliteDatabase(tables.join(' '))
  await using small = await startOwnServer(join(source.folder, 'small'), ['max_connections=20', 'max_locks_per_transaction=10'])
  await using target = await createPostgresDatabase(small)
  expect(await migrate(source, target)).toMatchObject({
    status: 'failed',
    error: { code: 'STRUCTURE_UNSUPPORTED', hint: expect.stringContaining('max_locks_per_transaction') },
  })
  const left = await withPostgres(target.url, (client) =>
    client.query(`SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'bascule')`),
  )
  expect(left.rows).toEqual([])
})

function migrate(source: TestSqliteDatabase, target: TestPostgresDatabase, more: Partial<MigrateOptions> = {}): Promise<MigrationResult> {
  const options = {
    jobId: `job-${target.name}`,
    sourcePath: source.path,
    targetUrl: target.url,
    model: { kind: 'introspect' },
    workDir: join(source.folder, 'work'),
    fenceSource: false,
    setAside: false,
    dryRun: false,
  } as const
  return migrateDatabase({ ...options, ...more }, () => undefined, new AbortController().signal)
}
