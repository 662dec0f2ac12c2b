/**
 * The closed list of things that can go wrong. A code is part of the contract: the interface has a
 * sentence and a troubleshooting entry for each (`messages/*.json`, `errors.<CODE>`), scripts match on it.
 */
export const errorCodes = [
  'CONFIG_INVALID',
  'NOT_SIGNED_IN',
  'NOT_ALLOWED',
  'NOT_FOUND',
  'INVALID_INPUT',
  'RATE_LIMITED',
  'APP_READ_ONLY',
  'CONFIRMATION_REQUIRED',
  'STATE_CONFLICT',
  'LEASE_HELD',
  'LEASE_LOST',
  'CANCELLED',
  'INTERRUPTED',
  'SOURCE_MISSING',
  'SOURCE_NOT_A_DATABASE',
  'SOURCE_UNREADABLE',
  'SOURCE_BUSY',
  'SOURCE_DAMAGED',
  'SOURCE_CHANGED',
  'MODEL_INVALID',
  'TARGET_URL_INVALID',
  'TARGET_URL_REFUSED',
  'TARGET_UNREACHABLE',
  'TARGET_PASSWORD_REFUSED',
  'TARGET_DATABASE_MISSING',
  'TARGET_TLS_FAILED',
  'TARGET_VERSION_TOO_OLD',
  'TARGET_NOT_PRIVILEGED',
  'TARGET_NOT_EMPTY',
  'TARGET_ENCODING_UNSUPPORTED',
  'TARGET_DISK_FULL',
  'TARGET_CONNECTION_LOST',
  'TARGET_REFUSED_ROW',
  'LOCAL_DISK_FULL',
  'VALUE_REFUSED',
  'STRUCTURE_UNSUPPORTED',
  'SCHEMA_FAILED',
  'COPY_FAILED',
  'COUNTS_DIFFER',
  'CONTENT_DIFFERS',
  'KEY_INVALID',
  'CV_UNREADABLE',
  'BACKUP_DAMAGED',
  'BACKUP_REFUSED',
  'BACKUP_KEY_WRONG',
  'DUMP_FAILED',
  'DESTINATION_FAILED',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export interface AppErrorDetails {
  readonly code: ErrorCode
  /** One sentence for people, in English, without passwords and row values. */
  readonly message: string
  /** What to do next, in English, one or two sentences. */
  readonly hint?: string
  /** What was being done, as verb and object: "copy table". */
  readonly operation?: string
  /** What it was done to: a table, a file, a host and port. Never a secret. */
  readonly subject?: string
  /** Whether the same call may succeed later with nothing changed by a person. Default: false. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** Shared by all copies of this module in one process. */
const mark = Symbol.for('bascule.AppError')

/** An error the caller can act on: a closed code, what it happened to, and the remedy. */
export class AppError extends Error {
  readonly [mark] = true

  /**
   * Next bundles this module once for pages and once for routes, and what one of them made (the container) is
   * used by both: `instanceof` must know an AppError by its mark, not by which copy of the class it came from.
   */
  static override [Symbol.hasInstance](value: unknown): value is AppError {
    return typeof value === 'object' && value !== null && mark in value
  }

  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly operation: string | undefined
  readonly subject: string | undefined
  readonly retryable: boolean

  constructor(details: AppErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'AppError'
    this.code = details.code
    this.hint = details.hint
    this.operation = details.operation
    this.subject = details.subject
    this.retryable = details.retryable ?? false
  }
}

/** The part of an error that may leave the process: no stack, no cause, no secrets. */
export interface ErrorReport {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly subject?: string
  readonly retryable: boolean
}

/** Turns whatever was thrown into a report. Something that is not an AppError becomes INTERNAL. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.subject === undefined ? {} : { subject: error.subject }),
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'INTERNAL', message, retryable: false, hint: 'See the log of the process for the whole error.' }
}

/** HTTP status of each code; what is not listed is 500. */
const httpStatuses: Partial<Record<ErrorCode, number>> = {
  NOT_SIGNED_IN: 401,
  NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  INVALID_INPUT: 400,
  CONFIRMATION_REQUIRED: 403,
  RATE_LIMITED: 429,
  APP_READ_ONLY: 503,
  STATE_CONFLICT: 409,
  LEASE_HELD: 409,
  TARGET_URL_INVALID: 400,
  TARGET_URL_REFUSED: 400,
  BACKUP_KEY_WRONG: 400,
  BACKUP_REFUSED: 422,
  BACKUP_DAMAGED: 422,
  DESTINATION_FAILED: 502,
  TARGET_CONNECTION_LOST: 503,
}

/** The HTTP status that answers an error of this code. */
export function httpStatusOf(code: ErrorCode): number {
  return httpStatuses[code] ?? 500
}

const usageCodes: ReadonlySet<ErrorCode> = new Set(['CONFIG_INVALID', 'INVALID_INPUT', 'TARGET_URL_INVALID'])

/** The exit status of a command: 2 for wrong usage or configuration, 1 for everything else. */
export function exitStatusOf(code: ErrorCode): 1 | 2 {
  return usageCodes.has(code) ? 2 : 1
}
