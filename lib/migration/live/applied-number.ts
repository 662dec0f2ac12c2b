import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { bookkeepingSchema } from '@/lib/postgres/copy-mark'

/**
 * How far the changes of the source are applied on the target: the copy is the source as it was when this number was its
 * highest. Kept on the target, and changed in the transaction that applies the changes.
 */
export interface AppliedNumber {
  readonly seq: number
  /**
   * Up to here both databases are known to be equal: all rows were compared at one number, and since then each round
   * compares the rows that it wrote. Null before the first comparison.
   */
  readonly provenSeq: number | null
}

const table = `${bookkeepingSchema}.applied`
const createTable = `CREATE TABLE IF NOT EXISTS ${table} (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), seq bigint NOT NULL, proven_seq bigint)`

/** Begins at the highest change of the snapshot that was copied. Safe to repeat: a number that stands is kept. */
export async function startApplied(client: pg.Client, seq: number): Promise<void> {
  await client.query(createTable)
  await client.query(`INSERT INTO ${table} (seq) VALUES ($1) ON CONFLICT DO NOTHING`, [seq])
}

/**
 * Says that both databases are equal now and the source's highest change is `seq`, whatever was said before: for an app
 * that goes back to its source. Null: that the source notes nothing.
 */
export async function restartApplied(client: pg.Client, seq: number | null): Promise<void> {
  const begin = (highest: number) => `${createTable}; INSERT INTO ${table} (seq, proven_seq) VALUES (${highest}, ${highest})`
  // Writes wait for it: one message and one commit.
  await client.query([`DROP TABLE IF EXISTS ${table}`, ...(seq === null ? [] : [begin(Math.trunc(seq))])].join('; '))
}

/** Null where nothing is applied: a copy that was made with the source read-only. */
export async function readApplied(client: pg.Client): Promise<AppliedNumber | null> {
  const found = await client.query<{ found: boolean }>(`SELECT to_regclass('${table}') IS NOT NULL AS found`)
  if (!found.rows[0]?.found) return null
  const { rows } = await client.query(`SELECT seq::text, proven_seq::text AS "provenSeq" FROM ${table}`)
  const row = z.object({ seq: z.coerce.number(), provenSeq: z.coerce.number().nullable() })
  return z.array(row).parse(rows)[0] ?? null
}

/**
 * Goes from one number to the next, in the caller's transaction.
 *
 * @param isProven whether the rows that were written were compared with the source
 *
 * @throws AppError STATE_CONFLICT when the number on the target is another: somebody else applied changes, or a server that
 *   lost its last commits has taken the target's place
 */
export async function advanceApplied(client: pg.Client, from: number, to: number, isProven: boolean): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE ${table} SET seq = $2, proven_seq = CASE WHEN $3 AND proven_seq = seq THEN $2 ELSE proven_seq END WHERE seq = $1`,
    [from, to, isProven],
  )
  if (rowCount === 1) return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'apply changes',
    message: 'The copy on PostgreSQL is not as far as this migration left it.',
    hint: 'See whether the server was replaced by a standby or a backup, or somebody else worked on the database; then start again.',
  })
}

/** Notes up to where both sides were found equal. */
export async function recordProven(client: pg.Client, seq: number): Promise<void> {
  await client.query(`UPDATE ${table} SET proven_seq = $1`, [seq])
}
