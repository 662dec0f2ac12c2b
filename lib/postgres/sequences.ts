import { z } from 'zod'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import type { Queryable } from './catalogue'

export interface SequenceSetting {
  readonly table: string
  readonly column: string
  /** The last number given out; null when none was, and the next is 1. */
  readonly last: bigint | null
}

/**
 * Sets every sequence that a column owns (serial, identity) so that the next number is above every one that was ever
 * given out: the larger of SQLite's own record, which remembers deleted rows, and the largest in the table.
 * In the caller's transaction; safe to repeat.
 *
 * @param recorded SQLite's `sqlite_sequence`, by table
 */
export async function setSequences(
  client: Queryable,
  catalogue: PostgresCatalogue,
  recorded: ReadonlyMap<string, bigint>,
): Promise<readonly SequenceSetting[]> {
  const settings: SequenceSetting[] = []
  for (const table of catalogue.tables) {
    for (const column of table.columns) {
      if (!column.sequence) continue
      const found = await client.query(
        `SELECT max(${quoteName(column.name)})::text AS largest,
           (SELECT max_value::text FROM pg_sequences WHERE schemaname = $1 AND sequencename = $2) AS limit
         FROM ${qualifiedName(table.schema, table.name)}`,
        [column.sequence.schema, column.sequence.name],
      )
      const row = z.object({ largest: z.string().nullable(), limit: z.string().nullable() }).parse(found.rows[0])
      const known = [row.largest === null ? 0n : BigInt(row.largest), recorded.get(table.name) ?? 0n]
      const highest = known.reduce((a, b) => (a > b ? a : b))
      const last = row.limit !== null && highest > BigInt(row.limit) ? BigInt(row.limit) : highest
      const name = quoteText(qualifiedName(column.sequence.schema, column.sequence.name))
      await client.query(last > 0n ? `SELECT setval(${name}::regclass, ${last}, true)` : `SELECT setval(${name}::regclass, 1, false)`)
      settings.push({ table: table.name, column: column.name, last: last > 0n ? last : null })
    }
  }
  return settings
}
