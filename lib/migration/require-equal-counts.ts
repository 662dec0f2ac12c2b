import { AppError } from '@/lib/core/errors'
import { hasExpectedRows, type TableComparison } from '@/lib/verification/verification-result'

/**
 * Every table of the source must have been counted on both sides, with the same result, rows left out by choice aside. A table that only the target has
 * belongs to the model and must be empty.
 *
 * @throws AppError COUNTS_DIFFER naming the first table that does not
 */
export function requireEqualCounts(tables: readonly TableComparison[]): void {
  const different = tables.filter((counts) => !hasExpectedRows(counts) && !(counts.sourceRows === null && counts.targetRows === 0))
  const uncounted = tables.filter(({ sourceRows, targetRows }) => sourceRows === null && targetRows === null)
  const [first] = [...different, ...uncounted]
  if (!first) return
  throw new AppError({
    code: 'COUNTS_DIFFER',
    operation: 'count rows',
    subject: first.table,
    message: `${first.table} has ${first.sourceRows ?? 'an unknown number of'} rows in the source${first.leftOut === undefined ? '' : ` (${first.leftOut} of them left out by choice)`} and ${first.targetRows ?? 'an unknown number'} in the target.`,
    hint: 'Something else wrote to one of the databases, or a table could not be counted. Start again.',
  })
}
