import type { Finding } from '@/lib/core/finding'
import type { ReportComparison } from '@/lib/verification/report-comparison'

/** What the later report means beside the earlier one, for whoever has to put things right. */
export interface ComparisonVerdict {
  /** broken, fixed: the whole report turned; worse, better: only more, or only less is wrong; other: both; same: neither. */
  readonly kind: 'broken' | 'fixed' | 'worse' | 'better' | 'other' | 'same'
  /** Tables that differ and did not, and the other way round. */
  readonly tables: number
  readonly mended: number
  /** Findings that are faults: new ones, and those that are gone. */
  readonly fresh: number
  readonly gone: number
}

type Changed = ReportComparison['tables'][number]

export function judgeComparison({ status, tables, newFindings, goneFindings }: ReportComparison): ComparisonVerdict {
  const counts = {
    tables: tables.filter((table) => isWrong(table.after) && !isWrong(table.before)).length,
    mended: tables.filter((table) => isWrong(table.before) && !isWrong(table.after)).length,
    fresh: newFindings.filter(isFault).length,
    gone: goneFindings.filter(isFault).length,
  }
  const more = counts.tables + counts.fresh + tables.filter((table) => grew(table) > 0).length
  const less = counts.mended + counts.gone + tables.filter((table) => grew(table) < 0).length
  if (status.before !== status.after) return { kind: status.after === 'failed' ? 'broken' : 'fixed', ...counts }
  return { kind: more > 0 ? (less > 0 ? 'other' : 'worse') : less > 0 ? 'better' : 'same', ...counts }
}

/** How many more rows of a table differ. */
export function grew({ before, after }: Changed): number {
  return (after?.differencesTotal ?? 0) - (before?.differencesTotal ?? 0)
}

function isWrong(side: Changed['after']): boolean {
  return side !== null && side.content !== 'identical'
}

function isFault({ severity }: Finding): boolean {
  return severity === 'blocks'
}
