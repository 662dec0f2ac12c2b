import { AppError, type ErrorCode } from '@/lib/core/errors'

type Meaning = readonly [code: ErrorCode, message: string, hint: string, retryable?: boolean]

const unreachable: Meaning = [
  'TARGET_UNREACHABLE',
  'The PostgreSQL server does not answer.',
  'Check host and port, that the server runs and accepts connections from this machine, and the firewall between them.',
  true,
]
const lost: Meaning = [
  'TARGET_CONNECTION_LOST',
  'The connection to PostgreSQL was cut.',
  'Check that the server is up and the network steady, then start again; nothing half done is left.',
  true,
]
const tls: Meaning = [
  'TARGET_TLS_FAILED',
  'No protected connection (TLS) to PostgreSQL could be made.',
  'Check sslmode in the URL: require encrypts, verify-full also checks the certificate; disable only on a network of your own.',
]
const notPrivileged: Meaning = [
  'TARGET_NOT_PRIVILEGED',
  'The PostgreSQL user lacks a right that is needed.',
  'Make the user the owner of the database, or grant it CREATE on the database and on the schema.',
]

const locksFull: Meaning = [
  'STRUCTURE_UNSUPPORTED',
  'The PostgreSQL server has no room for the locks of so many tables at once.',
  'Raise max_locks_per_transaction in its configuration (256 serves 3,000 tables; the default is 64) and restart it, then start again.',
]

/** By SQLSTATE (whole, then its first two characters) and by Node's error code. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const meanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: unreachable,
  ENOTFOUND: [
    'TARGET_UNREACHABLE',
    'The host name of the PostgreSQL server is not known.',
    'Check the spelling of the host in the URL.',
    true,
  ],
  EAI_AGAIN: [
    'TARGET_UNREACHABLE',
    'The host name of the PostgreSQL server could not be looked up.',
    'Check the network and the name server.',
    true,
  ],
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  ECONNRESET: lost,
  EPIPE: lost,
  '08': lost,
  '57P01': lost,
  '57P02': lost,
  '57P03': ['TARGET_UNREACHABLE', 'The PostgreSQL server is starting or stopping.', 'Try again in a moment.', true],
  '28P01': [
    'TARGET_PASSWORD_REFUSED',
    'PostgreSQL refused the password.',
    'Check user and password; special characters in a URL are written as %40 for @, %3A for :.',
  ],
  '28000': [
    'TARGET_PASSWORD_REFUSED',
    'PostgreSQL does not let this user in.',
    'Check the user, the database and pg_hba.conf of the server.',
  ],
  '3D000': [
    'TARGET_DATABASE_MISSING',
    'This database does not exist on the server.',
    'Create it (CREATE DATABASE …) or correct the name in the URL.',
  ],
  '42501': notPrivileged,
  '53100': [
    'TARGET_DISK_FULL',
    'The disk of the PostgreSQL server is full.',
    'Free space there, or use a server with more; then start again.',
  ],
  '53300': [
    'TARGET_UNREACHABLE',
    'The PostgreSQL server has no free connection.',
    'Close other connections or raise max_connections.',
    true,
  ],
  '53200': ['TARGET_CONNECTION_LOST', 'The PostgreSQL server is out of memory.', 'Give it more memory or stop other work on it.', true],
  '55P03': [
    'STATE_CONFLICT',
    'Somebody else keeps a lock on the target.',
    'End other sessions on the target database, then try again.',
    true,
  ],
  '57014': ['CANCELLED', 'The statement was cancelled on the server.', 'Start again.'],
  '54000': ['STRUCTURE_UNSUPPORTED', 'A limit of PostgreSQL is exceeded.', 'See the detail of the error for which one.'],
  '22': ['TARGET_REFUSED_ROW', 'PostgreSQL refused a value.', 'Correct the value in the source, then start again.'],
  '23': ['TARGET_REFUSED_ROW', 'A row breaks a rule of its table.', 'Correct the row in the source, then start again.'],
  '53': ['TARGET_CONNECTION_LOST', 'The PostgreSQL server lacks a resource.', 'See its log.', true],
}

/**
 * What a failure of PostgreSQL or of the way to it means for people. An AppError is handed on as it is.
 *
 * @param subject what was worked on, shown to people: a target label or a table; never a secret
 * @param fallback the code where the error is none of the known ones. Default: INTERNAL.
 */
export function toPostgresError(error: unknown, subject: string, fallback: ErrorCode = 'INTERNAL'): AppError {
  if (error instanceof AppError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : firstCode(error)
  const [known, sentence, hint, retryable] = meaningOf(code, message) ?? [
    fallback,
    `PostgreSQL answered: ${message}`,
    'See the log for the whole error.',
    false,
  ]
  const detail =
    meaningOf(code, message) && isServerCode(code) && !['28P01', '3D000'].includes(code) ? `${sentence} (${message})` : sentence
  return new AppError({
    code: known,
    operation: 'use PostgreSQL',
    subject,
    message: detail,
    hint,
    retryable: retryable ?? false,
    cause: error,
  })
}

/** SQLSTATE of an error of the server, or null. */
export function sqlStateOf(error: unknown): string | null {
  if (error instanceof AppError) return sqlStateOf(error.cause)
  return error instanceof Error && 'code' in error && isServerCode(String(error.code)) ? String(error.code) : null
}

/** Whether somebody's transaction was in the way (a lock was not had in time), or we were in its (a deadlock): worth another try. */
export function isContended(error: unknown): boolean {
  return ['40P01', '55P03'].includes(sqlStateOf(error) ?? '')
}

function isServerCode(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)
}

function meaningOf(code: string, message: string): Meaning | undefined {
  if (/no pg_hba\.conf entry.*no encryption|SSL|TLS|certificate|self.signed/i.test(message) && !isDataCode(code)) return tls
  if (/timeout expired|timed? ?out/i.test(message) && !isServerCode(code)) return unreachable
  if (
    /Connection terminated|Client has encountered a connection error|not queryable|socket hang up|stream was destroyed|write after end|premature close/i.test(
      message,
    )
  )
    return lost
  // The same SQLSTATE as for a server that is short of memory, which may pass.
  if (code === '53200' && /shared memory/i.test(message)) return locksFull
  return meanings[code] ?? (isServerCode(code) ? meanings[code.slice(0, 2)] : undefined)
}

function isDataCode(code: string): boolean {
  return isServerCode(code) && !code.startsWith('28') && !code.startsWith('08')
}

/** Node tries every address of a name and then throws one error that holds the others. */
function firstCode(error: unknown): string {
  if (error instanceof AggregateError) {
    for (const inner of error.errors) if (inner instanceof Error && 'code' in inner) return String(inner.code)
  }
  return ''
}
