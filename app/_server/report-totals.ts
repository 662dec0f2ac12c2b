import { isSound, type VerificationResult } from '@/lib/verification/verification-result'

export interface ReportTotals {
  readonly tables: number
  readonly sourceRows: number
  readonly targetRows: number
  /** Tables that differ, in rows or content. */
  readonly differingTables: number
  /** Tables of which a side could not be counted; their rows are not in the sums. */
  readonly uncountedTables: number
}

/** A report summed up, as its line in the list shows it. */
export function totalsOf({ tables }: Pick<VerificationResult, 'tables'>): ReportTotals {
  const sum = (counts: readonly (number | null)[]) => counts.reduce<number>((total, count) => total + (count ?? 0), 0)
  return {
    tables: tables.length,
    sourceRows: sum(tables.map((table) => table.sourceRows)),
    targetRows: sum(tables.map((table) => table.targetRows)),
    differingTables: tables.filter((table) => (table.content === 'different' || table.differencesTotal > 0) && !isSound(table)).length,
    uncountedTables: tables.filter((table) => table.sourceRows === null || table.targetRows === null).length,
  }
}
