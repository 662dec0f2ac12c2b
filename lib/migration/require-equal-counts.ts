import { AppError } from '@/lib/core/errors'
import type { TableComparison } from '@/lib/verification/verification-result'

/**
 * Every table of the source must have been counted on both sides, with the same result. A table that only the target has
 * belongs to the model and must be empty.
 *
 * @throws AppError COUNTS_DIFFER naming the first table that does not
 */
export function requireEqualCounts(tables: readonly TableComparison[]): void {
  const different = tables.filter(({ sourceRows, targetRows }) => sourceRows !== targetRows && !(sourceRows === null && targetRows === 0))
  const uncounted = tables.filter(({ sourceRows, targetRows }) => sourceRows === null && targetRows === null)
  const [first] = [...different, ...uncounted]
  if (!first) return
  throw new AppError({
    code: 'COUNTS_DIFFER',
    operation: 'count rows',
    subject: first.table,
    message: `${first.table} has ${first.sourceRows ?? 'an unknown number of'} rows in the source and ${first.targetRows ?? 'an unknown number'} in the target.`,
    hint: 'Something else wrote to one of the databases, or a table could not be counted. Start again.',
  })
}
