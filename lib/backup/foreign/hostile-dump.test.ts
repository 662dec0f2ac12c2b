import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import type { Manifest } from '../manifest'
import { requireHarmless } from '../require-harmless'
import { loadDump } from '../restore-postgres-dump'
import { withScratchDatabase } from '../scratch-database'

const never = new AbortController().signal
let folder: string
/** What a program that was run leaves behind; the server runs as another user than we. */
let trace: string
/** The app's: of a superuser. */
let database: TestPostgresDatabase

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-hostile-'))
  trace = join(folder, 'open', 'trace')
  await mkdir(join(folder, 'open'))
  await mkdir(join(folder, 'database'))
  await chmod(folder, 0o755)
  await chmod(join(folder, 'open'), 0o777)
  database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const hasTrace = () =>
  access(trace).then(
    () => true,
    () => false,
  )
const manifest = { database: { engine: 'postgresql', format: 'plain', schema: 'public', tables: [] } } as unknown as Manifest

/** Loads a dump as one from elsewhere is loaded; answers what `look` sees then. */
async function load<T>(dump: string, look: (client: pg.Client) => Promise<T>): Promise<T> {
  await writeFile(join(folder, 'database/database.sql.gz'), gzipSync(dump))
  return withScratchDatabase({ url: database.url, foreign: true }, 'public', never, async ({ target, client }) => {
    await loadDump({ folder, manifest, target, signal: never })
    return look(client)
  })
}

describe('a dump from elsewhere, though it is trusted', () => {
  it('the trace shows: a superuser’s program runs', async () => {
    await withPostgres(database.url, (client) => client.query(`COPY (SELECT 1) TO PROGRAM 'cat > ${trace}'`))
    expect(await hasTrace()).toBe(true)
    await withPostgres(database.url, (client) => client.query(`COPY (SELECT 1) TO PROGRAM 'rm ${trace}'`))
    expect(await hasTrace()).toBe(false)
  })

  it.each([
    ['a DO block', (path: string) => `DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${path}'''; END $$;`],
    ['a DO block that asks for our role', (path: string) => `RESET ROLE; DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch ${path}'; END $$;`],
    ['a program that is read', (path: string) => `CREATE TABLE t (a text); DO $$ BEGIN COPY t FROM PROGRAM 'touch ${path}'; END $$;`],
    ['a file', (path: string) => `SELECT lo_export(lo_from_bytea(0, 'x'), '${path}');`],
    ['a file that is read', () => `SELECT pg_read_file('postgresql.conf');`],
    ['a language without bounds', () => `CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'getpid';`],
    ['a role', () => 'CREATE ROLE hostile SUPERUSER;'],
    ['the app’s database', () => `DROP DATABASE "${new URL(database.url).pathname.slice(1)}" WITH (FORCE);`],
  ])('%s: the server refuses it', async (_, dump) => {
    await expect(load(dump(trace), async () => undefined)).rejects.toMatchObject({
      message: expect.stringMatching(/permission|privilege|owner/i),
    })
    expect(await hasTrace()).toBe(false)
  })

  it('a shell command is refused before it, and rows that look like one are rows', async () => {
    await expect(load(`\\! touch ${trace}\n`, async () => undefined)).rejects.toMatchObject({ code: 'BACKUP_REFUSED' })
    const dump = `CREATE TABLE t (a text);\nCOPY public.t (a) FROM stdin;\n\\! touch ${trace}\nä\n\\.\nCREATE EXTENSION citext;\n`
    const rows = await load(dump, async (client) => (await client.query('SELECT a FROM t')).rows)
    expect(rows).toEqual([{ a: `! touch ${trace}` }, { a: 'ä' }])
    expect(await hasTrace()).toBe(false)
  })

  it('leaves no role behind', async () => {
    const sql = `SELECT count(*)::int AS left FROM pg_roles r WHERE rolname LIKE 'bascule\\_trial\\_%' AND NOT EXISTS (SELECT 1 FROM pg_database d WHERE d.datdba = r.oid)`
    await expect
      .poll(async () => (await withPostgres(database.url, (client) => client.query(sql))).rows, { timeout: 30_000 })
      .toEqual([{ left: 0 }])
  })
})

describe('what it would bring into the app’s database, whose role can run programs', () => {
  const own = `CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;`
  const bring = (dump: string, role = '') =>
    withPostgres(database.url, async (app) => {
      if (role !== '') await app.query(`SET ROLE ${role}`)
      return load(dump, (client) => requireHarmless(client, app))
    })

  it('tables, defaults, checks, indexes, enums, views and extensions of every day pass; so does a function that the app has', async () => {
    await withPostgres(database.url, (client) => client.query(own))
    await bring(`
      CREATE EXTENSION citext; CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION pg_trgm; CREATE TYPE mood AS ENUM ('calm');
      CREATE TABLE t (id uuid DEFAULT gen_random_uuid(), u uuid DEFAULT uuid_generate_v4(), n serial, at timestamptz DEFAULT now(), c citext,
        mood mood DEFAULT 'calm', r float8 DEFAULT random(), l int GENERATED ALWAYS AS (length(c::text)) STORED, CHECK (length(c::text) < 9));
      CREATE INDEX ON t (lower(c::text)) WHERE n > 3; CREATE INDEX ON t USING gin ((c::text) gin_trgm_ops);
      CREATE VIEW v AS SELECT count(*) FILTER (WHERE n > 2), sum(n) FROM t WHERE c = 'x';
      ${own} CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();`)
  })

  it.each([
    ['a function', `CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1';`, 'evil()'],
    [
      'one that hides behind operators of its own',
      `CREATE FUNCTION evil(oid, int) RETURNS boolean LANGUAGE sql AS 'SELECT false';
       CREATE OPERATOR >= (FUNCTION = evil, LEFTARG = oid, RIGHTARG = int);`,
      'evil(oid,integer)',
    ],
    ['one that has only the name of the app’s', own.replace('now()', `now() + '1 s'`), 'stamp()'],
    ['a default that writes a file', `CREATE TABLE t (a int DEFAULT lo_export(1, '/x'));`, 'lo_export'],
    ['a view that reads one', `CREATE VIEW v AS SELECT pg_read_file('/x') WHERE false;`, 'pg_read_file'],
    ['a view that runs a text', `CREATE VIEW v AS SELECT query_to_xml('SELECT 1', true, true, '');`, 'query_to_xml'],
    ['an operator', `CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);`, '===(integer,integer)'],
    ['a policy', `CREATE TABLE t (a text); CREATE POLICY p ON t USING (a = pg_read_file('/x'));`, 'pg_read_file'],
    [
      'an extension that runs a text',
      `CREATE EXTENSION tablefunc; CREATE VIEW v AS SELECT * FROM crosstab('SELECT 1') AS t(a int, b int);`,
      'crosstab',
    ],
  ])('%s is refused', async (_, dump, named) => {
    await expect(bring(dump)).rejects.toMatchObject({ code: 'BACKUP_REFUSED', message: expect.stringContaining(named) })
  })

  it('an ordinary role of the app is asked nothing', async () => {
    await bring(`CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1';`, 'pg_monitor')
  })
})
