import type pg from 'pg'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { bookkeepingSchema, type CopyMark } from './copy-mark'

/** Tables dropped in one transaction: each needs some locks, of which a server has about 6,400. */
const tablesPerTransaction = 50

/**
 * Takes away exactly what a copy made: the tables, types and functions that its mark names, the schema if the copy made
 * it, and at the very end the mark itself. Killed in between, it is simply run again.
 */
export async function removeCopy(client: pg.Client, mark: CopyMark): Promise<void> {
  const { targetSchema } = mark
  const dropTables = (names: readonly string[]) =>
    `DROP TABLE IF EXISTS ${names.map((name) => qualifiedName(targetSchema, name)).join(', ')} CASCADE`
  let from = 0
  for (; mark.tables.length - from > tablesPerTransaction; from += tablesPerTransaction) {
    await client.query(dropTables(mark.tables.slice(from, from + tablesPerTransaction)))
  }
  // The rest in one transaction: each waits for the disk, and who has cancelled waits for each.
  const statements = [
    ...(from < mark.tables.length ? [dropTables(mark.tables.slice(from))] : []),
    ...mark.types.map((name) => `DROP TYPE IF EXISTS ${qualifiedName(targetSchema, name)} CASCADE`),
    ...mark.routines.map((signature) => `DROP ROUTINE IF EXISTS ${signature} CASCADE`),
  ]
  await client.query('BEGIN')
  try {
    if (statements.length > 0) await client.query(statements.join(';\n'))
    if (mark.createdSchema && (await isEmptySchema(client, targetSchema))) await client.query(`DROP SCHEMA ${quoteName(targetSchema)}`)
    await client.query(`DROP SCHEMA IF EXISTS ${bookkeepingSchema} CASCADE`)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Somebody else may have put something of their own there meanwhile; that is not ours to remove. */
async function isEmptySchema(client: pg.Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ empty: boolean }>(
    `SELECT NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid) AND NOT EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = n.oid)
       AND NOT EXISTS (SELECT 1 FROM pg_type WHERE typnamespace = n.oid) AS empty FROM pg_namespace n WHERE nspname = $1`,
    [schema],
  )
  return rows[0]?.empty ?? false
}

/**
 * Moves a copy that the app was switched back from, with the log of what was written on it, to a schema of its own,
 * `before_<UTC time>`. Nothing is deleted. One transaction. Answers the schema's name.
 */
export async function setCopyAside(client: pg.Client, mark: CopyMark, at: Date): Promise<string> {
  const schema = `before_${at.toISOString().replace(/\D/g, '').slice(0, 14)}`
  const aside = quoteName(schema)
  await client.query('BEGIN')
  try {
    await client.query(`CREATE SCHEMA ${aside}`)
    for (const name of mark.tables)
      await client.query(`ALTER TABLE IF EXISTS ${qualifiedName(mark.targetSchema, name)} SET SCHEMA ${aside}`)
    const types = await client.query<{ name: string }>(
      'SELECT typname AS name FROM pg_type WHERE typnamespace = to_regnamespace(quote_ident($1))::oid AND typname = ANY ($2)',
      [mark.targetSchema, mark.types],
    )
    for (const { name } of types.rows) await client.query(`ALTER TYPE ${qualifiedName(mark.targetSchema, name)} SET SCHEMA ${aside}`)
    for (const signature of mark.routines) await client.query(`ALTER ROUTINE ${signature} SET SCHEMA ${aside}`)
    // The triggers of the log and of the fence go on pointing at functions of the bookkeeping schema: it goes along under a new name.
    await client.query(`ALTER SCHEMA ${bookkeepingSchema} RENAME TO ${quoteName(`${bookkeepingSchema}_${schema}`)}`)
    await client.query('COMMIT')
    return schema
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
