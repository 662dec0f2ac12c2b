import type pg from 'pg'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import { bookkeepingSchema } from './copy-mark'

/** The same mark as in SQLite, so that one check recognises a refusal by either. */
const fenceMark = 'BASCULE_FENCED'
/** The same name whichever function it calls. As text, and quoted. */
export const fenceTriggerName = '_bascule_fence'
export const fenceTrigger = quoteName(fenceTriggerName)
/** In the text of the function that refuses, and in no other: tells a fence from guards that sleep (guards.ts). */
export const refusingSource = `p.prosrc LIKE '%${fenceMark}%'`

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
  await client.query(refusingFunction(home, reason))
  // In one go: the app's writes wait for it.
  const statements = tables.map((table) => {
    const name = qualifiedName(schema, table)
    return `DROP TRIGGER IF EXISTS ${fenceTrigger} ON ${name};
       ${createFenceTrigger(name, home)}`
  })
  if (statements.length > 0) await client.query(statements.join(';\n'))
}

/** @param name of the table, qualified and quoted; @param home schema of the function that it calls */
export function createFenceTrigger(name: string, home: string): string {
  const refuse = qualifiedName(home, 'refuse_write')
  return `CREATE TRIGGER ${fenceTrigger} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${name} FOR EACH STATEMENT EXECUTE FUNCTION ${refuse}()`
}

/** Makes the function that triggers of the fence call refuse, from the commit on, whoever calls it. */
export function refusingFunction(home: string, reason: string): string {
  // 25006 is what PostgreSQL itself answers to a write in a read-only transaction.
  return `CREATE OR REPLACE FUNCTION ${qualifiedName(home, 'refuse_write')}() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN RAISE EXCEPTION USING ERRCODE = '25006', MESSAGE = ${quoteText(`${fenceMark}: ${reason}`)}; END $function$`
}

/** Makes it let everything pass. What a trigger for whole statements answers is of no matter. */
export function sleepingFunction(home: string): string {
  return `CREATE OR REPLACE FUNCTION ${qualifiedName(home, 'refuse_write')}() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN RETURN NULL; END $function$`
}

/** Lets the tables take writes again, in the caller's transaction. Safe to repeat. */
export async function lowerPostgresFence(client: pg.Client, schema: string, tables: readonly string[]): Promise<void> {
  const statements = tables.map((table) => `DROP TRIGGER IF EXISTS ${fenceTrigger} ON ${qualifiedName(schema, table)}`)
  if (statements.length > 0) await client.query(statements.join(';\n'))
}

/** Whether the fence stands on all of these tables, awake, and none of its triggers is switched off. */
export async function isFencedEverywhere(client: pg.Client, schema: string, tables: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ fenced: number }>(
    `SELECT count(*)::int AS fenced FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
     WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relname = ANY ($2) AND g.tgname = '${fenceTriggerName}'
       AND g.tgenabled IN ('O', 'A') AND ${refusingSource}`,
    [schema, tables],
  )
  return rows[0]?.fenced === tables.length
}
