import type { TableMapping } from '@/lib/core/table-mapping'
import { canonicalSource, canonicalTarget, type SourceValue } from './canonical-value'
import { advanceRow } from './comparison'
import { digestOf } from './repair-digests'
import type { TargetRows } from './target-rows'

export interface RowSetComparison {
  /** Rows that one side has and the other has not; a row that differs counts on both sides. */
  readonly missingInTarget: number
  readonly missingInSource: number
  readonly rows: number
}

/** Reading the source is synchronous: so often heartbeat and progress have their turn. */
const rowsATurn = 2_000

/**
 * Compares some rows of one table, whatever order they come in: each as often on one side as on the other, as typed values
 * and by this folder's own reading, not by the copy's encoders. Holds a digest of each row.
 *
 * @param source values in the order of the mapping's columns, as better-sqlite3 gives them with safe integers
 * @param target the same columns; drained in the end
 */
export async function compareRowSets(
  { columns }: TableMapping,
  source: Iterable<readonly SourceValue[]>,
  target: TargetRows,
): Promise<RowSetComparison> {
  const surplus = new Map<string, number>()
  let rows = 0
  const take = (digest: Buffer, sign: 1 | -1) => {
    const name = digest.toString('latin1')
    const count = (surplus.get(name) ?? 0) + sign
    if (count === 0) surplus.delete(name)
    else surplus.set(name, count)
  }
  for (const values of source) {
    rows += 1
    if (rows % rowsATurn === 0) await new Promise((resolve) => setImmediate(resolve))
    const canonical = columns.map(({ value }, column) => canonicalSource(values[column] ?? null, value))
    take(digestOf(canonical, 'source'), 1)
  }
  while (await advanceRow(target)) {
    const canonical = columns.map(({ value }, column) => canonicalTarget(target.row, column, value))
    take(digestOf(canonical, 'target'), -1)
  }
  await target.drain()
  const counts = [...surplus.values()]
  const sum = (sign: number) => counts.filter((count) => count * sign > 0).reduce((total, count) => total + Math.abs(count), 0)
  return { missingInTarget: sum(1), missingInSource: sum(-1), rows }
}
