import { z } from 'zod'
import type { PostgresCatalogue, PostgresColumn, PostgresTable } from '@/lib/core/catalogue'
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
  const owned = catalogue.tables.flatMap((table) =>
    table.columns.flatMap((column) => (column.sequence === null ? [] : [{ table, column, sequence: column.sequence }])),
  )
  const settings: SequenceSetting[] = []
  for (let from = 0; from < owned.length; from += sequencesAtOnce) {
    const some = owned.slice(from, from + sequencesAtOnce)
    const known = await readLargest(client, some)
    const statements = some.map(({ table, column, sequence }, index) => {
      const { largest, limit } = known[index] ?? { largest: null, limit: null }
      const highest = [largest === null ? 0n : BigInt(largest), recorded.get(table.name) ?? 0n].reduce((a, b) => (a > b ? a : b))
      const last = limit !== null && highest > BigInt(limit) ? BigInt(limit) : highest
      settings.push({ table: table.name, column: column.name, last: last > 0n ? last : null })
      const name = quoteText(qualifiedName(sequence.schema, sequence.name))
      return last > 0n ? `SELECT setval(${name}::regclass, ${last}, true)` : `SELECT setval(${name}::regclass, 1, false)`
    })
    await client.query(statements.join(';\n'))
  }
  return settings
}

interface OwnedSequence {
  readonly table: PostgresTable
  readonly column: PostgresColumn
  readonly sequence: NonNullable<PostgresColumn['sequence']>
}

/** Asked for and set in one statement each: with hundreds of tables the round trips are what takes the time. */
const sequencesAtOnce = 200

const largestRow = z.object({ largest: z.string().nullable(), limit: z.string().nullable() })

async function readLargest(client: Queryable, owned: readonly OwnedSequence[]): Promise<readonly z.infer<typeof largestRow>[]> {
  const parts = owned.map(
    ({ table, column, sequence }, index) => `SELECT ${index} AS place, max(${quoteName(column.name)})::text AS largest,
      (SELECT seqmax::text FROM pg_sequence WHERE seqrelid = ${quoteText(qualifiedName(sequence.schema, sequence.name))}::regclass) AS limit
      FROM ${qualifiedName(table.schema, table.name)}`,
  )
  const { rows } = await client.query(`${parts.join('\nUNION ALL\n')}\nORDER BY place`)
  return z.array(largestRow).parse(rows)
}
