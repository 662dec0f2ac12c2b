import { z } from 'zod'
import type { Queryable } from './catalogue'
import { bookkeepingSchema } from './copy-mark'

/**
 * What was repaired by choice on the way, kept in the target beside the mark, so that whoever compares the two databases
 * later knows of it. Keys and values are there as digests only; the page and the list file name the rows.
 */
export interface RepairedCell {
  readonly table: string
  readonly action: 'changed' | 'deleted'
  /** Null where the whole row was left out. */
  readonly column: string | null
  /** Of the canonical key; null in a table without one. */
  readonly key: Buffer | null
  /** Of the canonical value after the repair; null where that is NULL. */
  readonly value: Buffer | null
}

/** A row of a table without a key, as it was and as it is; null where it was left out. */
export interface RepairedRow {
  readonly table: string
  readonly before: Buffer
  readonly after: Buffer | null
}

const cells = `${bookkeepingSchema}.repaired_cell`
const rows = `${bookkeepingSchema}.repaired_row`

/** Makes the empty list anew, in the caller's transaction. */
export async function createRepairList(client: Queryable): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${cells}, ${rows}`)
  await client.query(
    `CREATE TABLE ${cells} (position bigserial, table_name text NOT NULL, action text NOT NULL, column_name text, key_digest bytea, value_digest bytea)`,
  )
  await client.query(`CREATE TABLE ${rows} (table_name text NOT NULL, old_digest bytea NOT NULL, new_digest bytea)`)
}

/** Adds some of the list, in order; in the caller's transaction. */
export async function addRepairedCells(client: Queryable, added: readonly RepairedCell[]): Promise<void> {
  await client.query(
    `INSERT INTO ${cells} (table_name, action, column_name, key_digest, value_digest)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])`,
    [
      added.map(({ table }) => table),
      added.map(({ action }) => action),
      added.map(({ column }) => column),
      added.map(({ key }) => key),
      added.map(({ value }) => value),
    ],
  )
}

export async function addRepairedRows(client: Queryable, added: readonly RepairedRow[]): Promise<void> {
  await client.query(`INSERT INTO ${rows} SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])`, [
    added.map(({ table }) => table),
    added.map(({ before }) => before),
    added.map(({ after }) => after),
  ])
}

/** Of each table: rows left out, and rows that arrived with a value repaired. Empty where nothing was repaired. */
export async function readRepairCounts(
  client: Queryable,
): Promise<ReadonlyMap<string, { readonly deleted: number; readonly changed: number }>> {
  if (!(await hasRepairList(client))) return new Map()
  const { rows: found } = await client.query(
    `SELECT table_name AS "table", count(*) FILTER (WHERE action = 'deleted')::int AS deleted,
       count(DISTINCT key_digest) FILTER (WHERE action = 'changed' AND NOT gone)::int
         + count(*) FILTER (WHERE action = 'changed' AND key_digest IS NULL)::int AS changed
     FROM (SELECT c.*, EXISTS (SELECT 1 FROM ${cells} d WHERE d.table_name = c.table_name AND d.action = 'deleted' AND d.key_digest = c.key_digest) AS gone
       FROM ${cells} c) AS listed GROUP BY 1`,
  )
  const counts = z.array(z.object({ table: z.string(), deleted: z.number(), changed: z.number() })).parse(found)
  return new Map(counts.map(({ table, deleted, changed }) => [table, { deleted, changed }]))
}

/** The list of one table, in order. */
export async function readRepairs(
  client: Queryable,
  table: string,
): Promise<{ readonly cells: readonly RepairedCell[]; readonly rows: readonly RepairedRow[] }> {
  if (!(await hasRepairList(client))) return { cells: [], rows: [] }
  const bytes = z.instanceof(Buffer)
  const foundCells = await client.query(
    `SELECT table_name AS "table", action, column_name AS "column", key_digest AS key, value_digest AS value FROM ${cells}
     WHERE table_name = $1 ORDER BY position`,
    [table],
  )
  const foundRows = await client.query(
    `SELECT table_name AS "table", old_digest AS before, new_digest AS after FROM ${rows} WHERE table_name = $1`,
    [table],
  )
  const cell = z.object({
    table: z.string(),
    action: z.enum(['changed', 'deleted']),
    column: z.string().nullable(),
    key: bytes.nullable(),
    value: bytes.nullable(),
  })
  return {
    cells: z.array(cell).parse(foundCells.rows),
    rows: z.array(z.object({ table: z.string(), before: bytes, after: bytes.nullable() })).parse(foundRows.rows),
  }
}

async function hasRepairList(client: Queryable): Promise<boolean> {
  const { rows: found } = await client.query(`SELECT to_regclass('${cells}') IS NOT NULL AS found`)
  return z.tuple([z.object({ found: z.boolean() })]).parse(found)[0].found
}
