import { cancelledError } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { DestinationReason } from './destination'

/** A destination's failure with the reason that pages have words for. */
export class DestinationError extends AppError {
  readonly reason: DestinationReason

  constructor(reason: DestinationReason, subject: string, said: string, cause?: unknown) {
    super({
      code: reason === 'address-refused' ? 'TARGET_URL_REFUSED' : 'DESTINATION_FAILED',
      operation: 'use a destination of backups',
      subject,
      message: said === '' ? sentences[reason] : `${sentences[reason]} (${said})`,
      hint: hints[reason],
      retryable: ['unreachable', 'connection-lost', 'busy', 'host-unknown'].includes(reason),
      ...(cause === undefined ? {} : { cause }),
    })
    this.reason = reason
  }
}

/** What a failure of the SDK, the network or the file system means. `label` names the destination for people. */
export function toDestinationError(error: unknown, label: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return cancelledError(signal)
  if (error instanceof AppError) return error
  const said = error instanceof Error ? error.message : String(error)
  return new DestinationError(reasonOf(error), label, said.slice(0, 300), error)
}

/** The reason of an error that was already translated, for the test's table. */
export function reasonOfReport(error: unknown): DestinationReason {
  if (typeof error === 'object' && error !== null && 'reason' in error) return error.reason as DestinationReason
  return error instanceof AppError && error.code === 'TARGET_URL_REFUSED' ? 'address-refused' : 'other'
}

/** S3's own names first (they are the same at every provider), then those of the network and of the file system. */
const byName: Readonly<Record<string, DestinationReason>> = {
  NoSuchBucket: 'bucket-missing',
  InvalidBucketName: 'bucket-missing',
  InvalidAccessKeyId: 'key-unknown',
  InvalidToken: 'key-unknown',
  UnauthorizedAccess: 'key-unknown',
  SignatureDoesNotMatch: 'secret-wrong',
  AccessDenied: 'not-allowed',
  AllAccessDisabled: 'not-allowed',
  AccountProblem: 'not-allowed',
  Forbidden: 'not-allowed',
  PermanentRedirect: 'region-wrong',
  AuthorizationHeaderMalformed: 'region-wrong',
  IllegalLocationConstraintException: 'region-wrong',
  RequestTimeTooSkewed: 'clock',
  RequestExpired: 'clock',
  NoSuchKey: 'missing',
  NotFound: 'missing',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
  InsufficientStorage: 'full',
  SlowDown: 'busy',
  ServiceUnavailable: 'busy',
  TooManyRequests: 'busy',
  InternalError: 'busy',
  BadDigest: 'different',
  XAmzContentSHA256Mismatch: 'different',
  TimeoutError: 'connection-lost',
}
const byCode: Readonly<Record<string, DestinationReason>> = {
  ENOTFOUND: 'host-unknown',
  EAI_AGAIN: 'host-unknown',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'unreachable',
  ECONNRESET: 'connection-lost',
  EPIPE: 'connection-lost',
  ECONNABORTED: 'connection-lost',
  ERR_STREAM_PREMATURE_CLOSE: 'connection-lost',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'not-allowed',
  EPERM: 'not-allowed',
  EROFS: 'not-allowed',
  ENOENT: 'folder-missing',
  ENOTDIR: 'folder-missing',
}

function reasonOf(error: unknown): DestinationReason {
  if (!(error instanceof Error)) return 'other'
  const named = byName[error.name]
  if (named) return named
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (byCode[code]) return byCode[code]
  if (/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO)/.test(code)) return 'tls'
  const status = statusOf(error)
  if (status === 403 || status === 401) return 'not-allowed'
  if (status === 301 || status === 307) return 'region-wrong'
  if (status === 507) return 'full'
  if (status >= 500) return 'busy'
  return 'other'
}

function statusOf(error: Error): number {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return 0
  return 'httpStatusCode' in error.$metadata && typeof error.$metadata.httpStatusCode === 'number' ? error.$metadata.httpStatusCode : 0
}

const sentences: Readonly<Record<DestinationReason, string>> = {
  'address-refused': 'The address of the destination is refused.',
  'host-unknown': 'The host of the destination has no address.',
  unreachable: 'The destination does not answer.',
  'connection-lost': 'The connection to the destination broke.',
  tls: 'The destination’s certificate is not accepted.',
  'key-unknown': 'The destination does not know the access key.',
  'secret-wrong': 'The secret access key is not the right one.',
  'not-allowed': 'The destination does not allow it.',
  'bucket-missing': 'There is no such bucket.',
  'region-wrong': 'The bucket is in another region.',
  clock: 'The clock of this server is too far from the destination’s.',
  full: 'The destination is full.',
  busy: 'The destination is not able to answer now.',
  missing: 'It is not at the destination.',
  different: 'What arrived at the destination is not what was sent.',
  'folder-missing': 'The folder is not there.',
  other: 'The destination failed.',
}

const hints: Readonly<Record<DestinationReason, string>> = {
  'address-refused': 'Give the public address of the storage; private ones need ALLOW_PRIVATE_TARGETS=true.',
  'host-unknown': 'Check the endpoint’s spelling and the name server.',
  unreachable: 'Check the endpoint and its port, and that a firewall lets this server through.',
  'connection-lost': 'Copy the backup again; unfinished parts were or will be removed.',
  tls: 'Use the name that is in the certificate; for a private authority set NODE_EXTRA_CA_CERTS.',
  'key-unknown': 'Check the access key, and that it belongs to this provider.',
  'secret-wrong': 'Enter the secret access key again; make a new pair if it is lost.',
  'not-allowed': 'Give the key the rights to list the bucket and to read, write and delete objects in it.',
  'bucket-missing': 'Create the bucket at the provider, or correct its name.',
  'region-wrong': 'Enter the region of the bucket as the provider shows it.',
  clock: 'Set the clock of this server (NTP).',
  full: 'Free room there, or set rules for what is kept there.',
  busy: 'Try again later.',
  missing: 'Copy the backup there again.',
  different: 'Copy the backup there again.',
  'folder-missing': 'Create the folder, or mount the disk or share.',
  other: 'Test the destination; the log has the whole error.',
}
