import { isSound, type TableComparison } from '@/lib/verification/verification-result'

/**
 * identical: every row was compared; changed: compared too, and every difference is as it should be; equal: the counts are
 * the same, no more is known.
 */
export type RowState = 'identical' | 'changed' | 'equal' | 'different' | 'unknown'

/** State of one table. Unknown is never taken for equal, and equal counts never for identical content. */
export function rowStateOf(table: TableComparison): RowState {
  const { leftOut = 0, content, differencesTotal } = table
  const { source: sourceRows, target: targetRows } = rowsOf(table)
  if (content === 'different' && isSound(table)) return 'changed'
  if (content === 'different' || differencesTotal > 0) return 'different'
  if (sourceRows === null || targetRows === null) return 'unknown'
  // Rows that an administrator chose to leave out are not missing.
  if (sourceRows - leftOut !== targetRows) return 'different'
  return content === 'identical' ? 'identical' : 'equal'
}

/** The side that has no table of this name; null where both have one, or it is not known. */
export function missingSideOf({ cause }: TableComparison): 'source' | 'target' | null {
  if (cause?.code === 'only-source') return 'target'
  return cause?.code === 'only-target' || cause?.code === 'only-target-and-empty' ? 'source' : null
}

/** Rows of each side; a table that is not there has none, one that could not be counted has null. */
export function rowsOf(table: TableComparison): { readonly source: number | null; readonly target: number | null } {
  const missing = missingSideOf(table)
  return { source: missing === 'source' ? 0 : table.sourceRows, target: missing === 'target' ? 0 : table.targetRows }
}

/** Target rows less source rows; null where one side is not known. */
export function differenceOf(table: TableComparison): number | null {
  const { source, target } = rowsOf(table)
  return source === null || target === null ? null : target - source
}

export interface Verdict {
  /** The weightiest state of all tables: different, then unknown, then equal, then changed, then identical. */
  readonly state: RowState | 'empty'
  readonly byState: Readonly<Record<RowState, number>>
  readonly tables: number
  /** Sums over the tables that could be counted on that side. */
  readonly sourceRows: number
  readonly targetRows: number
  /** Whether every table was counted on that side; the sum is a lower bound otherwise. */
  readonly isSourceWhole: boolean
  readonly isTargetWhole: boolean
}

/** The judgement over all tables. */
export function judge(tables: readonly TableComparison[]): Verdict {
  const byState = { identical: 0, changed: 0, equal: 0, different: 0, unknown: 0 }
  let sourceRows = 0
  let targetRows = 0
  for (const table of tables) {
    byState[rowStateOf(table)] += 1
    sourceRows += table.sourceRows ?? 0
    targetRows += table.targetRows ?? 0
  }
  const weighty = (['different', 'unknown', 'equal', 'changed', 'identical'] as const).find((state) => byState[state] > 0)
  return {
    state: weighty ?? 'empty',
    byState,
    tables: tables.length,
    sourceRows,
    targetRows,
    isSourceWhole: tables.every((table) => rowsOf(table).source !== null),
    isTargetWhole: tables.every((table) => rowsOf(table).target !== null),
  }
}
