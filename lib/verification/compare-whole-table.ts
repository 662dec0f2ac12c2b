import type pg from 'pg'
import { quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { type Canonical, canonicalSource, canonicalTarget, type SourceValue } from './canonical-value'
import { advanceRow } from './comparison'
import { copyOut } from './copy-out'
import { DigestSum } from './digest-sum'
import { digestOf } from './repair-digests'
import { targetCopySql } from './target-row-sql'
import { TargetRows } from './target-rows'

/** Reading the source is synchronous: so often heartbeat and progress have their turn. */
const rowsATurn = 2_000

export interface WholeTable {
  readonly db: SqliteDatabase
  readonly client: pg.Client
  readonly mapping: TableMapping
  /** Called now and then while rows are read; may throw to end it. */
  readonly goesOn: () => void
}

/** What is not the same: the number of rows, one column's values, or which values stand in a row together (`column` null). */
export type WholeDifference = { readonly kind: 'count' } | { readonly kind: 'content'; readonly column: string | null }

/**
 * Compares all rows of a table without a key, on the two connections and in their present transactions: by the sums of the
 * rows' digests, in any order and constant memory. Only where they differ both are read again for the column.
 */
export async function compareWholeTable(sides: WholeTable): Promise<WholeDifference | null> {
  const { mapping } = sides
  const all = mapping.columns.map((_, at) => at)
  const [source, target] = [await sumSource(sides, [all]), await sumTarget(sides, [all])]
  if (source[0]?.rows !== target[0]?.rows) return { kind: 'count' }
  if (areEqual(source, target, 0)) return null
  const each = all.map((at) => [at])
  const [sources, targets] = [await sumSource(sides, each), await sumTarget(sides, each)]
  const column = all.find((at) => !areEqual(sources, targets, at))
  return { kind: 'content', column: column === undefined ? null : (mapping.columns[column]?.name ?? null) }
}

function areEqual(source: readonly DigestSum[], target: readonly DigestSum[], at: number): boolean {
  const other = target[at]
  return other !== undefined && source[at]?.equals(other) === true
}

/** Groups of columns, each by their places in the mapping. */
type Groups = readonly (readonly number[])[]

function addRow(sums: readonly DigestSum[], groups: Groups, canonical: readonly Canonical[], side: 'source' | 'target'): void {
  for (const [place, group] of groups.entries()) {
    const values = group.map((at) => canonical[at] ?? null)
    sums[place]?.add(digestOf(values, side))
  }
}

async function sumSource({ db, mapping: { table, columns }, goesOn }: WholeTable, groups: Groups): Promise<readonly DigestSum[]> {
  const sums = groups.map(() => new DigestSum())
  const rows = db
    .prepare(`SELECT ${quoteNames(columns.map(({ name }) => name))} FROM ${quoteName(table)}`)
    .raw()
    .safeIntegers()
  let read = 0
  // What better-sqlite3 answers is what a column of SQLite can hold.
  for (const values of rows.iterate() as Iterable<readonly SourceValue[]>) {
    const canonical = columns.map(({ value }, at) => canonicalSource(values[at] ?? null, value))
    addRow(sums, groups, canonical, 'source')
    read += 1
    if (read % rowsATurn !== 0) continue
    goesOn()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return sums
}

async function sumTarget({ client, mapping, goesOn }: WholeTable, groups: Groups): Promise<readonly DigestSum[]> {
  const { columns } = mapping
  const sums = groups.map(() => new DigestSum())
  const rows = new TargetRows(copyOut(client, targetCopySql(mapping, [], false)), columns.length)
  let read = 0
  try {
    while (await advanceRow(rows)) {
      read += 1
      if (read % rowsATurn === 0) goesOn()
      const canonical = columns.map(({ value }, at) => canonicalTarget(rows.row, at, value))
      addRow(sums, groups, canonical, 'target')
    }
  } finally {
    // The connection is the caller's.
    await rows.drain()
  }
  return sums
}
