import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue, PostgresTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import { bookkeepingSchema } from './copy-mark'

/**
 * The keys of all rows written on PostgreSQL since the switch: keys only, never values. A row's key is logged once for
 * each write; a changed key counts as the old one deleted and the new one inserted; TRUNCATE logs every row it takes.
 * The key is the primary key, or else a unique index over columns that are never NULL; rows of a table with neither are
 * logged without a key and counted one by one.
 */
export interface TableChanges {
  readonly table: string
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

export interface LoggedChange {
  readonly table: string
  readonly operation: 'inserted' | 'updated' | 'deleted'
  /** Column name → value as JSON has it; null for a table without a key. */
  readonly key: Readonly<Record<string, unknown>> | null
}

const log = `${bookkeepingSchema}.change_log`

/** The columns that rows of a table are logged by; empty where it has no key. */
export function loggedKeyOf(table: PostgresTable): readonly string[] {
  if (table.primaryKey.length > 0) return table.primaryKey
  const required = new Set(table.columns.filter(({ nullable }) => !nullable).map(({ name }) => name))
  const index = table.indexes.find(
    ({ unique, partial, columns }) => unique && !partial && columns.every((column) => column !== null && required.has(column)),
  )
  return index?.columns.flatMap((column) => column ?? []) ?? []
}

export interface WaitingTable {
  readonly table: string
  /** Rows whose keys wait; writes, for rows without a key. */
  readonly changes: number
  /** Whether all of them were logged with their key. */
  readonly isKeyed: boolean
}

/** A query for the tables that the log speaks of, as its transaction sees it; `parseWaitingTables` reads the rows. */
export const waitingTablesSql = `SELECT table_name AS "table",
    (count(DISTINCT key) + count(*) FILTER (WHERE key IS NULL))::int AS changes, bool_and(key IS NOT NULL) AS "isKeyed"
  FROM ${log} GROUP BY 1 ORDER BY 1`

export function parseWaitingTables(rows: readonly unknown[]): readonly WaitingTable[] {
  return z.array(z.object({ table: z.string(), changes: z.number(), isKeyed: z.boolean() })).parse(rows)
}

/**
 * A query for the keys that wait in a table, each once, in columns of their own names and types; `bascule_is_new`: the first of
 * what was logged of it is that it came, so there was no such row before.
 */
export function waitingKeysSql(schema: string, table: string, key: readonly string[]): string {
  const columns = key.map((name) => `p.${quoteName(name)}`).join(', ')
  const isNew = `(min(l.seq) = min(l.seq) FILTER (WHERE l.op = 'I')) IS TRUE AS bascule_is_new`
  return `SELECT ${columns}, k.bascule_is_new
    FROM (SELECT l.key AS bascule_key, ${isNew} FROM ${log} l WHERE l.table_name = ${quoteText(table)} GROUP BY l.key) k
    CROSS JOIN LATERAL jsonb_populate_record(NULL::${qualifiedName(schema, table)}, k.bascule_key) p`
}

/**
 * Forgets the entries that the transaction sees. In a REPEATABLE READ transaction those are exactly the ones that
 * it has read: an entry that another transaction commits meanwhile stays.
 */
export const forgettingSql = `DELETE FROM ${log}`

/**
 * Keeps what this session writes out of the log, from now on: rows that are brought to a copy which follows its source. So the
 * log can be armed before the switch, in which its hundred statements would be waited for.
 */
export async function keepOutOfChangeLog(client: pg.Client): Promise<void> {
  await client.query(`SET bascule.quiet = 'on'`)
}

const unlessQuiet = `WHEN (pg_catalog.current_setting('bascule.quiet', true) IS DISTINCT FROM 'on')`

/** Starts logging on all tables of the catalogue but `skip`, in the caller's transaction. Safe to repeat. */
export async function armChangeLog(client: pg.Client, catalogue: PostgresCatalogue, skip: ReadonlySet<string>): Promise<void> {
  await client.query(`CREATE TABLE IF NOT EXISTS ${log} (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name text NOT NULL, op "char" NOT NULL, key jsonb, at timestamptz NOT NULL DEFAULT now()
  )`)
  // In one go: while it is armed for the first time, the app's writes wait.
  const statements = catalogue.tables.flatMap((table, index) => (skip.has(table.name) ? [] : armTable(table, index)))
  if (statements.length > 0) await client.query(statements.join('\n'))
}

/** Stops logging and removes the functions; the log itself stays. In the caller's transaction; safe to repeat. */
export async function disarmChangeLog(client: pg.Client, catalogue: PostgresCatalogue): Promise<void> {
  for (const table of catalogue.tables) {
    const name = qualifiedName(table.schema, table.name)
    await client.query(`DROP TRIGGER IF EXISTS "_bascule_log" ON ${name}; DROP TRIGGER IF EXISTS "_bascule_log_truncate" ON ${name}`)
  }
}

/**
 * What the log comes to: for each table how many rows are new, changed and gone since the switch. A row that came and
 * went counts for nothing.
 */
export async function countChanges(client: pg.Client): Promise<readonly TableChanges[]> {
  if (!(await hasLog(client))) return []
  const { rows } = await client.query(
    `SELECT table_name AS "table", count(*) FILTER (WHERE net = 'I')::int AS inserted, count(*) FILTER (WHERE net = 'U')::int AS updated,
       count(*) FILTER (WHERE net = 'D')::int AS deleted
     FROM (${netSql}) n WHERE net IS NOT NULL GROUP BY 1 ORDER BY 1`,
  )
  const count = z.number().int().nonnegative()
  return z.array(z.object({ table: z.string(), inserted: count, updated: count, deleted: count })).parse(rows)
}

/** Every row that `countChanges` counts, some thousand at a time; in the caller's transaction. */
export async function* readChanges(client: pg.Client): AsyncGenerator<readonly LoggedChange[]> {
  if (!(await hasLog(client))) return
  await client.query(
    `DECLARE bascule_changes CURSOR FOR SELECT table_name AS "table", net, key FROM (${netSql}) n WHERE net IS NOT NULL ORDER BY first`,
  )
  const rowSchema = z.object({ table: z.string(), net: z.enum(['I', 'U', 'D']), key: z.record(z.string(), z.unknown()).nullable() })
  for (;;) {
    const rows = z.array(rowSchema).parse((await client.query('FETCH 5000 FROM bascule_changes')).rows)
    if (rows.length === 0) break
    yield rows.map(({ table, net, key }) => ({ table, operation: words[net], key }))
  }
  await client.query('CLOSE bascule_changes')
}

/**
 * A query for the rows of one table that `countChanges` counts: `net` (I, U or D), then the key's columns under their own names
 * and types, in the order in which they were first touched.
 */
export function netChangesSql(schema: string, table: string, key: readonly string[]): string {
  const columns = key.map((name) => `p.${quoteName(name)}`).join(', ')
  return `SELECT n.net, n.first, ${columns} FROM (${netSql}) n
    CROSS JOIN LATERAL jsonb_populate_record(NULL::${qualifiedName(schema, table)}, n.key) p
    WHERE n.net IS NOT NULL AND n.table_name = ${quoteText(table)} AND n.key IS NOT NULL`
}

const words = { I: 'inserted', U: 'updated', D: 'deleted' } as const

async function hasLog(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(`SELECT to_regclass('${log}') IS NOT NULL AS found`)
  return rows[0]?.found ?? false
}

/** First and last operation of each key decide: I…D is nothing, I…U an insert, D…I an update. Without a key, each stands alone. */
const netSql = `
SELECT table_name, key, first, CASE
    WHEN first_op = 'I' AND last_op = 'D' THEN NULL
    WHEN first_op = 'I' THEN 'I' WHEN last_op = 'D' THEN 'D' ELSE 'U' END AS net
  FROM (
    SELECT table_name, key, min(seq) AS first, (array_agg(op ORDER BY seq))[1] AS first_op, (array_agg(op ORDER BY seq DESC))[1] AS last_op
    FROM ${log} WHERE key IS NOT NULL GROUP BY table_name, key
  ) keyed
UNION ALL SELECT table_name, NULL, seq, op::text FROM ${log} WHERE key IS NULL`

/**
 * A function of its own for each table, with the key columns written out: a general one would turn whole rows into JSON.
 * SECURITY DEFINER, so that an app with fewer rights can go on writing; its search path is fixed for that reason.
 */
function armTable(table: PostgresTable, index: number): string {
  const name = qualifiedName(table.schema, table.name)
  const tableText = quoteText(table.name)
  const logged = loggedKeyOf(table)
  const hasKey = logged.length > 0
  const keyOf = (row: string) =>
    hasKey ? `jsonb_build_object(${logged.map((column) => `${quoteText(column)}, ${row}.${quoteName(column)}`).join(', ')})` : 'NULL::jsonb'
  const put = (op: string, row: string) => `INSERT INTO ${log} (table_name, op, key) VALUES (${tableText}, '${op}', ${keyOf(row)});`
  const keyChanged = hasKey
    ? logged.map((column) => `NEW.${quoteName(column)} IS DISTINCT FROM OLD.${quoteName(column)}`).join(' OR ')
    : 'false'
  const rowFunction = `${bookkeepingSchema}.log_${index}`
  const truncateFunction = `${bookkeepingSchema}.log_${index}_truncate`
  const head = 'RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $function$'
  return `
CREATE OR REPLACE FUNCTION ${rowFunction}() ${head}
BEGIN
  IF TG_OP = 'INSERT' THEN ${put('I', 'NEW')}
  ELSIF TG_OP = 'DELETE' THEN ${put('D', 'OLD')}
  ELSIF ${keyChanged} THEN ${put('D', 'OLD')} ${put('I', 'NEW')}
  ELSE ${put('U', 'NEW')}
  END IF;
  RETURN NULL;
END $function$;
CREATE OR REPLACE FUNCTION ${truncateFunction}() ${head}
BEGIN
  INSERT INTO ${log} (table_name, op, key) SELECT ${tableText}, 'D', ${keyOf('gone')} FROM ${name} AS gone;
  RETURN NULL;
END $function$;
DROP TRIGGER IF EXISTS "_bascule_log" ON ${name};
DROP TRIGGER IF EXISTS "_bascule_log_truncate" ON ${name};
CREATE TRIGGER "_bascule_log" AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW ${unlessQuiet} EXECUTE FUNCTION ${rowFunction}();
CREATE TRIGGER "_bascule_log_truncate" BEFORE TRUNCATE ON ${name} FOR EACH STATEMENT ${unlessQuiet} EXECUTE FUNCTION ${truncateFunction}();`
}
