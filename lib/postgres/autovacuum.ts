import { z } from 'zod'
import { qualifiedName } from '@/lib/core/quoted-name'
import type { Queryable } from './catalogue'
import { bookkeepingSchema } from './copy-mark'

const paused = `${bookkeepingSchema}.autovacuum_paused`
const parameters = ['autovacuum_enabled', 'toast.autovacuum_enabled'] as const

/**
 * Keeps autovacuum away from tables that are about to be filled, and remembers which, in the caller's transaction. A copy that lasts
 * longer than a minute has it visit each table while indexes are built: it reads all rows for nothing, and its lock holds up
 * CREATE INDEX for a second (`deadlock_timeout`) before the server cancels it. A table that says something of autovacuum
 * itself is left as it is. What prevents wraparound of transaction ids runs all the same
 * (https://www.postgresql.org/docs/current/sql-createtable.html#RELOPTION-AUTOVACUUM-ENABLED).
 */
export async function pauseAutovacuum(client: Queryable, schema: string, tables: readonly string[]): Promise<void> {
  const { rows } = await client.query(
    `SELECT c.relname AS name FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
     WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relname = ANY ($2)
       AND NOT EXISTS (SELECT 1 FROM unnest(c.reloptions || t.reloptions) AS o WHERE o LIKE 'autovacuum\\_enabled=%')`,
    [schema, tables],
  )
  const names = tableNames.parse(rows).map(({ name }) => name)
  if (names.length === 0) return
  await client.query(`CREATE TABLE IF NOT EXISTS ${paused} (table_name text PRIMARY KEY)`)
  await client.query(`INSERT INTO ${paused} SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [names])
  const off = parameters.map((parameter) => `${parameter} = off`).join(', ')
  await client.query(names.map((name) => `ALTER TABLE ${qualifiedName(schema, name)} SET (${off})`).join(';\n'))
}

/** Lets autovacuum come again to the tables that `pauseAutovacuum` noted, in the caller's transaction. May be repeated. */
export async function resumeAutovacuum(client: Queryable, schema: string): Promise<void> {
  // A copy that another version began has no such list.
  const found = await client.query(`SELECT 1 FROM pg_class WHERE oid = to_regclass('${paused}')`)
  if (found.rows.length === 0) return
  const names = tableNames.parse((await client.query(`SELECT table_name AS name FROM ${paused} ORDER BY 1`)).rows)
  const reset = names.map(({ name }) => `ALTER TABLE ${qualifiedName(schema, name)} RESET (${parameters.join(', ')})`)
  await client.query([...reset, `DROP TABLE ${paused}`].join(';\n'))
}

const tableNames = z.array(z.object({ name: z.string() }))
