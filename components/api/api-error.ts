import type { ErrorCode, ErrorReport } from '@/lib/core/errors'

/** Codes that an answer can carry, and what only the browser sees: no answer, or one we cannot read. */
export type ApiErrorCode = ErrorCode | 'NETWORK' | 'BAD_ANSWER'

/** A request that the server refused, that got no answer, or whose answer we could not read. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  readonly hint: string | undefined
  readonly subject: string | undefined
  readonly retryable: boolean

  constructor(
    details: {
      code: ApiErrorCode
      message: string
      status: number
      hint?: string | undefined
      subject?: string | undefined
      retryable?: boolean
    },
    cause?: unknown,
  ) {
    super(details.message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.code = details.code
    this.status = details.status
    this.hint = details.hint
    this.subject = details.subject
    this.retryable = details.retryable ?? false
  }

  static fromReport(report: ErrorReport, status: number): ApiError {
    return new ApiError({ ...report, status })
  }
}
