import { type ErrorReport, errorCodes } from '@/lib/core/errors'

/** The error of a library's result as a job keeps it; a code that is not one of ours becomes INTERNAL. */
export function toErrorReport(error: { code: string; message: string; hint?: string | undefined } | undefined): ErrorReport {
  if (!error) return { code: 'INTERNAL', message: 'The operation failed without saying why.', retryable: false }
  const code = errorCodes.find((known) => known === error.code) ?? 'INTERNAL'
  return { code, message: error.message, retryable: false, ...(error.hint === undefined ? {} : { hint: error.hint }) }
}
