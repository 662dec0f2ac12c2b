import type pg from 'pg'
import { z } from 'zod'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'

const row = z.object({ statement: z.string() })

/**
 * Everything of a schema that belongs to no extension, as statements that move it. Indexes, sequences that a column owns,
 * row types and triggers go with their tables; what refers to what is kept by the server, which knows objects by number.
 */
const moveSql = `
SELECT format('ALTER %s %I.%I SET SCHEMA %I',
    CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
    $1::text, c.relname, $2::text) AS statement
  FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
     AND (d.deptype = 'e' OR (c.relkind = 'S' AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)))
UNION ALL
SELECT format('ALTER TYPE %I.%I SET SCHEMA %I', $1::text, t.typname, $2::text)
  FROM pg_type t WHERE t.typnamespace = to_regnamespace(quote_ident($1))::oid
   AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')))
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT format('ALTER ROUTINE %I.%I(%s) SET SCHEMA %I', $1::text, p.proname, pg_get_function_identity_arguments(p.oid), $2::text)
  FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident($1))::oid
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))`

/**
 * Moves tables, views, sequences, types and functions from one schema to another that has none of their names. In the
 * caller's transaction: it waits for whoever uses them, and others see all of it or nothing.
 */
export async function moveObjects(client: pg.Client, from: string, to: string): Promise<void> {
  const { rows } = await client.query(moveSql, [from, to])
  for (const { statement } of z.array(row).parse(rows)) await client.query(statement)
}

const grantsSql = `
SELECT format('GRANT %s ON %s %I.%I TO %s%s', a.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, $2::text, c.relname,
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement
  FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
 WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND a.grantee <> c.relowner
   AND to_regclass(format('%I.%I', $2::text, c.relname)) IS NOT NULL
UNION ALL
SELECT format('GRANT %s (%I) ON %I.%I TO %s', a.privilege_type, t.attname, $2::text, c.relname,
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
  FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid CROSS JOIN LATERAL aclexplode(t.attacl) a
 WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND NOT t.attisdropped
   AND EXISTS (SELECT 1 FROM pg_attribute n WHERE n.attrelid = to_regclass(format('%I.%I', $2::text, c.relname)) AND n.attname = t.attname AND NOT n.attisdropped)
UNION ALL
SELECT format('ALTER %s %I.%I OWNER TO %I',
    CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
    $2::text, c.relname, pg_get_userbyid(c.relowner))
  FROM pg_class c JOIN pg_class n ON n.oid = to_regclass(format('%I.%I', $2::text, c.relname))
 WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.relowner <> c.relowner`

/** Gives each table, view and sequence of `to` the owner and the rights that its namesake in `from` has. In the caller's transaction. */
export async function copyRights(client: pg.Client, from: string, to: string): Promise<void> {
  const { rows } = await client.query(grantsSql, [from, to])
  for (const { statement } of z.array(row).parse(rows)) await client.query(statement)
}

/** Schemas whose names begin so, by name. */
export async function schemasNamed(client: pg.Client, prefix: string): Promise<readonly string[]> {
  const { rows } = await client.query('SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, $1) ORDER BY nspname', [prefix])
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name)
}

/** Drops schemas one table at a time, each in a transaction of its own: a schema of thousands would need more locks than a server has. */
export async function dropSchemaInParts(client: pg.Client, schema: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    [schema],
  )
  for (const { name } of z.array(z.object({ name: z.string() })).parse(rows))
    await client.query(`DROP TABLE IF EXISTS ${qualifiedName(schema, name)} CASCADE`)
  await client.query(`DROP SCHEMA IF EXISTS ${quoteName(schema)} CASCADE`)
}
