import { isSound, type TableComparison } from '@/lib/verification/verification-result'

/**
 * identical: every row was compared; changed: compared too, and every difference is as it should be; equal: the counts are
 * the same, no more is known.
 */
export type RowState = 'identical' | 'changed' | 'equal' | 'different' | 'unknown'

/** State of one table. Unknown is never taken for equal, and equal counts never for identical content. */
export function rowStateOf(table: TableComparison): RowState {
  const { sourceRows, targetRows, leftOut = 0, content, differencesTotal } = table
  if (content === 'different' && isSound(table)) return 'changed'
  if (content === 'different' || differencesTotal > 0) return 'different'
  if (sourceRows === null || targetRows === null) return 'unknown'
  // Rows that an administrator chose to leave out are not missing.
  if (sourceRows - leftOut !== targetRows) return 'different'
  return content === 'identical' ? 'identical' : 'equal'
}

/** Target rows less source rows; null where one side is not known. */
export function differenceOf({ sourceRows, targetRows }: TableComparison): number | null {
  return sourceRows === null || targetRows === null ? null : targetRows - sourceRows
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
    isSourceWhole: tables.every((table) => table.sourceRows !== null),
    isTargetWhole: tables.every((table) => table.targetRows !== null),
  }
}
