import type { CodedMessages } from '@/components/format/coded-messages'
import { errorCodes } from '@/lib/core/errors'
import type { FunctionOutcome } from '@/lib/verification/function-report'
import type { TableComparison } from '@/lib/verification/verification-result'

/** From the namespace `verification.cause`: why a table's content is unknown or other, in the reader's language; reports of earlier releases keep their English. */
export function wordCause(t: CodedMessages, { cause, reason }: Pick<TableComparison, 'cause' | 'reason'>): string | null {
  return cause && t.has(cause.code) ? t(cause.code, cause.params) : reason
}

/**
 * From the namespace `verification.functions.cause`: why a function failed or could not be tried; null when it passed.
 *
 * @param titleOf what an error's code is called
 */
export function wordFunctionCause(
  t: CodedMessages,
  titleOf: (code: (typeof errorCodes)[number]) => string,
  { cause, reason }: Pick<FunctionOutcome, 'cause' | 'reason'>,
): string | null {
  if (!cause) return reason
  const error = cause.code === 'error' ? errorCodes.find((code) => code === cause.params.error) : undefined
  if (error) return titleOf(error)
  return t.has(cause.code) ? t(cause.code, cause.params) : reason
}
