import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { RowKey } from './row-range'
import { quoteName, tableAlias } from './sql-text'

/** The smallest and the largest rowid of a table. */
export interface RowidEnds {
  readonly first: bigint
  readonly last: bigint
}

const endsRow = z.object({ first: z.bigint().nullable(), last: z.bigint().nullable() })

/** Goes to both ends of the tree, which takes no time; null for an empty table, and for one that is not read by rowid. */
export function rowidEnds(db: Database, mapping: TableMapping, key: RowKey): RowidEnds | null {
  if (key.kind !== 'rowid') return null
  const from = `FROM ${quoteName(mapping.table)} AS ${tableAlias}`
  // Two subqueries: min and max alone go to the ends of the tree, together they read it whole.
  const sql = `SELECT (SELECT min(${key.expressions[0]}) ${from}) AS first, (SELECT max(${key.expressions[0]}) ${from}) AS last`
  const { first, last } = endsRow.parse(db.prepare(sql).safeIntegers().get())
  return first === null || last === null ? null : { first, last }
}

/** Where to cut for so many pieces of equal length: each the last rowid of its piece. */
export function evenCuts({ first, last }: RowidEnds, pieces: number): readonly bigint[] {
  return Array.from({ length: pieces - 1 }, (_, index) => first + ((last - first) * BigInt(index + 1)) / BigInt(pieces))
}
