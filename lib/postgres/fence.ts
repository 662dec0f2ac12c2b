import type pg from 'pg'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import { bookkeepingSchema } from './copy-mark'

/** The same mark as in SQLite, so that one check recognises a refusal by either. */
const fenceMark = 'BASCULE_FENCED'
const trigger = quoteName('_bascule_fence')

/**
 * Makes tables refuse writes, in the caller's transaction. CREATE TRIGGER waits until every transaction that has written
 * to the table has ended and lets no other begin, so after the commit nothing is under way. Safe to repeat.
 *
 * @param home schema of the function that refuses; dropping it with CASCADE lowers the fence. Default: our bookkeeping
 */
export async function raisePostgresFence(
  client: pg.Client,
  schema: string,
  tables: readonly string[],
  reason: string,
  home: string = bookkeepingSchema,
): Promise<void> {
  const refuse = qualifiedName(home, 'refuse_write')
  // 25006 is what PostgreSQL itself answers to a write in a read-only transaction.
  await client.query(`CREATE OR REPLACE FUNCTION ${refuse}() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN RAISE EXCEPTION USING ERRCODE = '25006', MESSAGE = ${quoteText(`${fenceMark}: ${reason}`)}; END $function$`)
  for (const table of tables) {
    const name = qualifiedName(schema, table)
    await client.query(
      `DROP TRIGGER IF EXISTS ${trigger} ON ${name};
       CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${name} FOR EACH STATEMENT EXECUTE FUNCTION ${refuse}()`,
    )
  }
}

/** Lets the tables take writes again, in the caller's transaction. Safe to repeat. */
export async function lowerPostgresFence(client: pg.Client, schema: string, tables: readonly string[]): Promise<void> {
  for (const table of tables) await client.query(`DROP TRIGGER IF EXISTS ${trigger} ON ${qualifiedName(schema, table)}`)
}
