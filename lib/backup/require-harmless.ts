import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import { readPowers } from './ordinary-role'

/**
 * Where the app's role can run programs on its server, whatever the archive brings along (a function behind a trigger, a view, a
 * column's default) could do so as soon as the app uses it. So it may bring none that is not in the app's database already, word for
 * word, and no call beyond a short list. An ordinary role can do no harm outside its database, and is asked nothing.
 *
 * @param scratch where the archive was loaded by an ordinary role; @param app the app's database
 * @throws AppError BACKUP_REFUSED
 */
export async function requireHarmless(scratch: pg.Client, app: pg.Client): Promise<void> {
  const powers = await readPowers(app)
  if (powers.length === 0) return
  const present = new Set((await withOwnNames(app, readRoutines)).map(({ definition }) => definition))
  const strange = await withOwnNames(scratch, async (client) => [
    ...(await readRoutines(client)).filter(({ definition }) => !present.has(definition)).map(({ name }) => name),
    ...(await readCalls(client)),
  ])
  if (strange.length === 0) return
  const [{ role } = { role: '' }] = z.array(z.object({ role: z.string() })).parse((await app.query('SELECT current_user AS role')).rows)
  throw new AppError({
    code: 'BACKUP_REFUSED',
    operation: 'restore an archive from elsewhere',
    message: `The archive came from elsewhere and brings functions along, or calls such, that the app’s database does not have: ${strange.slice(0, 5).join(', ')}. The app’s role ${role} can run programs on the server (${powers.join(', ')}), and so could they. Nothing was changed.`,
    hint: `Let the app use an ordinary role: CREATE ROLE app LOGIN PASSWORD …; REASSIGN OWNED of its objects; or ALTER ROLE ${quoteName(role)} NOSUPERUSER. Then restore again.`,
  })
}

/** What the archive holds must not answer for the server: an operator of its own that fits better than the server's would be taken. */
async function withOwnNames<T>(client: pg.Client, read: (client: pg.Client) => Promise<T>): Promise<T> {
  await client.query('BEGIN READ ONLY')
  try {
    await client.query('SET LOCAL search_path TO pg_catalog, pg_temp')
    return await read(client)
  } finally {
    await client.query('ROLLBACK')
  }
}

const routines = z.array(z.object({ name: z.string(), definition: z.string() }))
const notOfExtension = (catalogue: string) =>
  `NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalogue}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`
/** Ours and the server's own; objects of users have numbers from here on. */
const firstOfUsers = 16_384

/** Functions, procedures, aggregates and operators that no extension brought. */
async function readRoutines(client: pg.Client) {
  const { rows } = await client.query(
    `SELECT o.oid::regprocedure::text AS name,
            CASE WHEN o.prokind = 'a' THEN 'aggregate ' || o.oid::regprocedure::text ELSE pg_catalog.pg_get_functiondef(o.oid) END AS definition
       FROM pg_catalog.pg_proc o WHERE o.oid >= ${firstOfUsers} AND ${notOfExtension('pg_proc')}
     UNION ALL
     SELECT o.oid::regoperator::text, 'operator ' || o.oid::regoperator::text || ' ' || o.oprcode::text
       FROM pg_catalog.pg_operator o WHERE o.oid >= ${firstOfUsers} AND ${notOfExtension('pg_operator')}`,
  )
  return routines.parse(rows)
}

/** What changes from call to call and reaches nothing: the functions that columns have as defaults. */
const harmless = ['nextval', 'random', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday']
const harmlessOfExtensions = ['uuid_generate_v1', 'uuid_generate_v1mc', 'uuid_generate_v4', 'gen_random_bytes', 'gen_random_uuid']

/**
 * The server's and the extensions' functions that defaults, checks, views, rules, indexes and policies call and that could reach out of the
 * database (they are all VOLATILE, or not for everybody) or run a text as SQL. Read from the parsed expressions, not from their text.
 */
async function readCalls(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT c.relname AS catalogue, a.attname AS "column", EXISTS (
       SELECT 1 FROM pg_catalog.pg_attribute i WHERE i.attrelid = c.oid AND i.attname = 'oid' AND NOT i.attisdropped) AS "hasOid"
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      WHERE a.atttypid = 'pg_catalog.pg_node_tree'::regtype AND c.relkind = 'r' AND c.oid < ${firstOfUsers} AND c.relname <> 'pg_proc'`,
  )
  const columns = z.array(z.object({ catalogue: z.string(), column: z.string(), hasOid: z.boolean() })).parse(rows)
  const calls = columns
    .map(
      ({ catalogue, column, hasOid }) => `SELECT m[2]::oid AS id FROM pg_catalog.${quoteName(catalogue)} o,
       pg_catalog.regexp_matches(o.${quoteName(column)}::text, ':(funcid|opfuncid|aggfnoid|winfnoid|tsmhandler) (\\d+)', 'g') m
       ${hasOid ? `WHERE o.oid >= ${firstOfUsers}` : ''}`,
    )
    .join(' UNION ')
  const found = await client.query(
    `SELECT DISTINCT p.oid::regprocedure::text AS name FROM (${calls}) c JOIN pg_catalog.pg_proc p ON p.oid = c.id
       LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
       LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      WHERE (p.oid < ${firstOfUsers} AND p.provolatile = 'v' AND NOT p.proname = ANY ($1))
         OR (e.oid IS NOT NULL AND p.provolatile = 'v' AND NOT p.proname = ANY ($2))
         OR e.extname = 'tablefunc'
         OR (p.oid < ${firstOfUsers} AND NOT has_function_privilege('public', p.oid, 'EXECUTE'))`,
    [harmless, harmlessOfExtensions],
  )
  return z
    .array(z.object({ name: z.string() }))
    .parse(found.rows)
    .map(({ name }) => name)
}
