import type pg from 'pg'
import type { PostgresTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import { bookkeepingSchema } from './copy-mark'

const log = `${bookkeepingSchema}.change_log`

/** Whether writes on this database are logged for a switch back to SQLite. */
export async function hasChangeLog(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(`SELECT to_regclass('${log}') IS NOT NULL AS found`)
  return rows[0]?.found ?? false
}

/**
 * Logs the key of every row that becomes another one, comes or goes when the tables of one schema take the place of those
 * of another: what the triggers would have logged, had somebody made the same changes by hand. With it the log stays
 * true after a restore: its keys are those of all rows that are not as they were at the switch.
 *
 * In the caller's transaction, while nobody writes.
 *
 * @param before tables as they are, @param after tables that take their place
 */
export async function logReplacedRows(
  client: pg.Client,
  before: readonly PostgresTable[],
  after: readonly PostgresTable[],
  skip: ReadonlySet<string>,
): Promise<void> {
  const names = new Set([...before, ...after].map(({ name }) => name).filter((name) => !skip.has(name)))
  for (const name of [...names].sort()) {
    const old = before.find((table) => table.name === name)
    const next = after.find((table) => table.name === name)
    await client.query(statementFor(name, old, next))
  }
}

function statementFor(name: string, old: PostgresTable | undefined, next: PostgresTable | undefined): string {
  const table = quoteText(name)
  const key = next?.primaryKey ?? old?.primaryKey ?? []
  const isKeyed = key.length > 0 && (!old || !next || sameColumns(old.primaryKey, next.primaryKey))
  if (!isKeyed) {
    const one = (from: PostgresTable | undefined, other: PostgresTable | undefined, op: string) =>
      `SELECT ${table}, '${op}'::"char", NULL::jsonb FROM (${rowsOf(from)} EXCEPT ALL ${rowsOf(other)}) r`
    return `INSERT INTO ${log} (table_name, op, key) ${one(old, next, 'D')} UNION ALL ${one(next, old, 'I')}`
  }
  return `INSERT INTO ${log} (table_name, op, key)
    SELECT ${table}, (CASE WHEN n.whole IS NULL THEN 'D' WHEN o.whole IS NULL THEN 'I' ELSE 'U' END)::"char", coalesce(n.key, o.key)
    FROM (${keyedRowsOf(old, key)}) o FULL JOIN (${keyedRowsOf(next, key)}) n ON o.key = n.key
    WHERE o.whole IS DISTINCT FROM n.whole`
}

const nothing = 'SELECT NULL::jsonb AS whole WHERE false'

function rowsOf(table: PostgresTable | undefined): string {
  return table ? `SELECT to_jsonb(t) AS whole FROM ${qualifiedName(table.schema, table.name)} t` : nothing
}

/** The key as the triggers log it: one JSON object, whatever its columns' types are in either schema. */
function keyedRowsOf(table: PostgresTable | undefined, key: readonly string[]): string {
  if (!table) return 'SELECT NULL::jsonb AS key, NULL::jsonb AS whole WHERE false'
  const parts = key.map((column) => `${quoteText(column)}, t.${quoteName(column)}`).join(', ')
  return `SELECT jsonb_build_object(${parts}) AS key, to_jsonb(t) AS whole FROM ${qualifiedName(table.schema, table.name)} t`
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column, index) => column === b[index])
}
