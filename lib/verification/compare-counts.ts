import { reportError } from '@/lib/core/errors'
import { type TableCause, wordTableCause } from './table-cause'
import type { TableComparison } from './verification-result'

/** A count, or why there is none. */
export type Count = { readonly rows: number } | { readonly rows: null; readonly cause: TableCause; readonly isMissing: boolean }

/** The count of a table that is not there. */
export function absent(side: 'source' | 'target'): Count {
  return { rows: null, cause: { code: side === 'source' ? 'only-target' : 'only-source', params: {} }, isMissing: true }
}

/** The count of a table that could not be asked for it. */
export function uncounted(side: 'source' | 'target', error: unknown): Count {
  return { rows: null, cause: { code: `${side}-not-counted`, params: { message: reportError(error).message } }, isMissing: false }
}

/** What two counts say about a table whose rows were not compared. `leftOut`: rows left out by choice. */
export function compareCounts(table: string, source: Count, target: Count, leftOut?: number): TableComparison {
  const isMissing = [source, target].some((count) => count.rows === null && count.isMissing)
  const isCounted = source.rows !== null && target.rows !== null
  const expected = source.rows === null ? null : source.rows - (leftOut ?? 0)
  // A table that only the model has, and that holds nothing, takes nothing away and adds nothing.
  const isEmptyExtra = source.rows === null && source.isMissing && target.rows === 0
  const differs = (isMissing && !isEmptyExtra) || (isCounted && expected !== target.rows)
  const causes = [source, target].flatMap((count) => (count.rows === null ? [count.cause] : []))
  return {
    table,
    sourceRows: source.rows,
    targetRows: target.rows,
    ...(leftOut === undefined ? {} : { leftOut }),
    content: differs ? 'different' : isEmptyExtra ? 'identical' : 'unknown',
    differences: [],
    differencesTotal: isCounted
      ? Math.abs(source.rows - (leftOut ?? 0) - target.rows)
      : differs
        ? Math.max(1, source.rows ?? 0, target.rows ?? 0)
        : 0,
    ...because(
      isEmptyExtra ? { code: 'only-target-and-empty', params: {} } : (causes[0] ?? (differs ? null : { code: 'only-counted', params: {} })),
    ),
  }
}

/** The two forms in which a comparison tells its cause: a code for pages, a sentence for terminals. */
export function because(cause: TableCause | null): Pick<TableComparison, 'reason' | 'cause'> {
  return { reason: cause === null ? null : wordTableCause(cause), cause }
}
