import { type ErrorCode, errorCodes } from '@/lib/core/errors'

/** Shelves of the catalogue, in the order in which they are shown. */
export const entryGroups = ['connect', 'rights', 'schema', 'data', 'speed', 'sqlite', 'migration', 'backup', 'app'] as const
export type EntryGroup = (typeof entryGroups)[number]

/** What can be asked of the real server, file or store. */
export const testKinds = [
  'target',
  'certificate',
  'connections',
  'server-disk',
  'rights',
  'relations',
  'history',
  'sequences',
  'references',
  'locks',
  'slow',
  'source',
  'source-lock',
  'source-damage',
  'local-disk',
  'environment',
  'state',
  'lease',
  'worker',
  'keys',
  'cvs',
  'pg-dump',
  'jobs',
  'refusals',
  'confirmation',
  'request',
] as const
export type TestKind = (typeof testKinds)[number]

/** Pages on which something is mended. */
export const mendingPages = ['/admin/migration', '/admin/backups', '/admin/verification', '/admin/preflight', '/admin/activity'] as const
export type MendingPage = (typeof mendingPages)[number]

export interface Entry {
  /** Anchor of the entry and key of its sentences: a code of ours, or a name for what other programs report. */
  readonly id: string
  readonly group: EntryGroup
  readonly test: TestKind
  /** Codes of other programs that mean this: SQLSTATE, Prisma, SQLite, Node. */
  readonly codes: readonly string[]
  /** Pieces of messages as people paste them, lower case. */
  readonly phrases: readonly string[]
  /** The page where it is mended; null where that is outside. */
  readonly page: MendingPage | null
}

type Row = readonly [
  group: EntryGroup,
  test: TestKind,
  details?: { readonly codes?: readonly string[]; readonly phrases?: readonly string[]; readonly page?: MendingPage },
]

const migration = '/admin/migration'
const backups = '/admin/backups'
const verification = '/admin/verification'
const preflight = '/admin/preflight'
const activity = '/admin/activity'

/** Our own codes: a Record, so that a new code without an entry does not compile. Their sentences are those of `errors.<CODE>`. */
const own: Readonly<Record<ErrorCode, Row>> = {
  CONFIG_INVALID: ['app', 'environment', { codes: ['P1012'], phrases: ['environment variable not found'] }],
  NOT_SIGNED_IN: ['app', 'confirmation'],
  NOT_ALLOWED: ['app', 'refusals'],
  NOT_FOUND: ['app', 'request', { codes: ['P2025'] }],
  INVALID_INPUT: ['app', 'request'],
  RATE_LIMITED: ['app', 'request'],
  APP_READ_ONLY: ['app', 'state', { phrases: ['bascule_fenced'], page: migration }],
  CONFIRMATION_REQUIRED: ['app', 'confirmation'],
  STATE_CONFLICT: ['migration', 'state', { page: migration }],
  LEASE_HELD: ['migration', 'lease', { page: activity }],
  LEASE_LOST: ['migration', 'lease', { page: activity }],
  CANCELLED: ['migration', 'jobs', { page: activity }],
  INTERRUPTED: ['migration', 'jobs', { page: activity }],
  SOURCE_MISSING: ['sqlite', 'source', { phrases: ['unable to open database file'] }],
  SOURCE_NOT_A_DATABASE: ['sqlite', 'source', { codes: ['SQLITE_NOTADB'], phrases: ['file is not a database', 'file is encrypted'] }],
  SOURCE_UNREADABLE: [
    'sqlite',
    'source',
    {
      codes: ['SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_IOERR', 'SQLITE_TOOBIG', 'EACCES', 'P1010'],
      phrases: ['attempt to write a readonly database', 'permission denied, open'],
    },
  ],
  SOURCE_BUSY: [
    'sqlite',
    'source-lock',
    { codes: ['SQLITE_BUSY', 'SQLITE_LOCKED', 'P1008'], phrases: ['database is locked', 'operations timed out'] },
  ],
  SOURCE_DAMAGED: ['sqlite', 'source-damage', { codes: ['SQLITE_CORRUPT'], phrases: ['database disk image is malformed'], page: backups }],
  SOURCE_CHANGED: ['migration', 'jobs', { page: migration }],
  MODEL_INVALID: ['schema', 'jobs', { codes: ['P1013'] }],
  TARGET_URL_INVALID: ['connect', 'target', { page: migration }],
  TARGET_URL_REFUSED: ['connect', 'target', { page: migration }],
  TARGET_UNREACHABLE: [
    'connect',
    'target',
    {
      codes: ['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN', '57P03', 'P1001', 'P1002'],
      phrases: [
        'connection refused',
        'can’t reach database server',
        "can't reach database server",
        'the database system is starting up',
        'timeout expired',
        'could not translate host name',
      ],
    },
  ],
  TARGET_PASSWORD_REFUSED: [
    'connect',
    'target',
    {
      codes: ['28P01', '28000', 'P1000'],
      phrases: ['password authentication failed', 'authentication failed against database server', 'no pg_hba.conf entry'],
    },
  ],
  TARGET_DATABASE_MISSING: ['connect', 'target', { codes: ['3D000', 'P1003'], phrases: ['database does not exist'] }],
  TARGET_TLS_FAILED: [
    'connect',
    'certificate',
    { codes: ['P1011', 'EPROTO'], phrases: ['does not support ssl', 'ssl off', 'no encryption', 'error opening a tls connection'] },
  ],
  TARGET_VERSION_TOO_OLD: ['connect', 'target'],
  TARGET_NOT_PRIVILEGED: [
    'rights',
    'rights',
    { codes: ['42501'], phrases: ['permission denied for schema public', 'permission denied for table', 'must be owner of'] },
  ],
  TARGET_NOT_EMPTY: ['schema', 'target', { page: migration }],
  TARGET_ENCODING_UNSUPPORTED: ['connect', 'target', { codes: ['22P05'], phrases: ['has no equivalent in encoding'] }],
  TARGET_DISK_FULL: ['connect', 'server-disk', { codes: ['53100'], phrases: ['could not extend file', 'no space left on device'] }],
  TARGET_CONNECTION_LOST: [
    'connect',
    'target',
    {
      codes: ['57P01', '57P02', '08006', '08003', 'ECONNRESET', 'EPIPE', 'P1017'],
      phrases: ['terminating connection', 'server closed the connection unexpectedly', 'connection terminated unexpectedly'],
    },
  ],
  TARGET_REFUSED_ROW: ['data', 'jobs', { codes: ['22001', '22003', '22P02', '23502', '23514', 'P2000', 'P2011'], page: preflight }],
  LOCAL_DISK_FULL: ['sqlite', 'local-disk', { codes: ['ENOSPC', 'SQLITE_FULL'], phrases: ['database or disk is full'] }],
  VALUE_REFUSED: ['data', 'jobs', { codes: ['22021'], phrases: ['invalid byte sequence for encoding'], page: preflight }],
  STRUCTURE_UNSUPPORTED: ['schema', 'jobs', { codes: ['54000'], page: preflight }],
  SCHEMA_FAILED: ['schema', 'jobs', { page: activity }],
  COPY_FAILED: ['migration', 'jobs', { page: activity }],
  COUNTS_DIFFER: ['migration', 'jobs', { page: verification }],
  CONTENT_DIFFERS: ['migration', 'jobs', { page: verification }],
  KEY_INVALID: ['data', 'keys', { page: preflight }],
  CV_UNREADABLE: [
    'data',
    'cvs',
    { phrases: ['unsupported state or unable to authenticate data', 'cv illisible', 'cvs illisibles'], page: preflight },
  ],
  BACKUP_DAMAGED: ['backup', 'jobs', { page: backups }],
  BACKUP_REFUSED: ['backup', 'jobs', { page: backups }],
  BACKUP_KEY_WRONG: ['backup', 'jobs', { page: backups }],
  DUMP_FAILED: ['backup', 'jobs', { page: backups }],
  DESTINATION_FAILED: ['backup', 'jobs', { page: backups }],
  INTERNAL: ['app', 'jobs', { codes: ['XX000'], page: activity }],
}

/** What other programs report and no code of ours stands for. Their sentences are in `troubleshooting.entries`. */
const foreign = {
  NETWORK: ['app', 'request'],
  BAD_ANSWER: ['app', 'request'],
  RELATION_MISSING: [
    'schema',
    'relations',
    {
      codes: ['42P01', '42703', 'P2021', 'P2022', 'SQLITE_ERROR'],
      phrases: ['relation does not exist', 'no such table', 'does not exist in the current database'],
    },
  ],
  SCHEMA_NOT_EMPTY: ['schema', 'history', { codes: ['P3005'], phrases: ['the database schema is not empty', 'baseline'] }],
  SCHEMA_MIGRATION_FAILED: ['schema', 'history', { codes: ['P3009', 'P3018', 'P3008'], phrases: ['migrate found failed migrations'] }],
  TOO_MANY_CONNECTIONS: [
    'connect',
    'connections',
    {
      codes: ['53300', 'P2024', 'P2037'],
      phrases: ['too many clients already', 'remaining connection slots are reserved', 'timed out fetching a new connection'],
    },
  ],
  CERTIFICATE_EXPIRED: ['connect', 'certificate', { codes: ['CERT_HAS_EXPIRED'], phrases: ['certificate has expired'] }],
  CERTIFICATE_UNTRUSTED: [
    'connect',
    'certificate',
    {
      codes: [
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      ],
      phrases: [
        'self-signed certificate',
        'self signed certificate',
        'unable to verify the first certificate',
        'unable to get local issuer certificate',
      ],
    },
  ],
  CERTIFICATE_NAME: [
    'connect',
    'certificate',
    { codes: ['ERR_TLS_CERT_ALTNAME_INVALID'], phrases: ['does not match certificate', 'altnames'] },
  ],
  READ_ONLY_SERVER: ['rights', 'rights', { codes: ['25006'], phrases: ['in a read-only transaction', 'in recovery'] }],
  KEY_TAKEN: [
    'data',
    'sequences',
    {
      codes: ['23505', 'P2002', 'SQLITE_CONSTRAINT'],
      phrases: ['unique constraint failed', 'duplicate key value violates unique constraint'],
    },
  ],
  REFERENCE_BROKEN: ['data', 'references', { codes: ['23503', 'P2003', 'P2014'], phrases: ['foreign key constraint'] }],
  LOCKED_OUT: [
    'speed',
    'locks',
    {
      codes: ['40P01', '40001', '55P03', '57014', 'P2034'],
      phrases: ['deadlock detected', 'could not serialize access', 'canceling statement due to'],
    },
  ],
  SLOW_AFTER_MOVE: ['speed', 'slow', { phrases: ['slow', 'performance dégradée', 'seq scan', 'missing index'] }],
  PG_DUMP_VERSION: [
    'backup',
    'pg-dump',
    { phrases: ['server version mismatch', 'pg_dump: command not found', 'aborting because of server version'] },
  ],
  WORKER_STOPPED: ['app', 'worker', { phrases: ['queued'], page: activity }],
} as const satisfies Readonly<Record<string, Row>>

export type ForeignId = keyof typeof foreign

/** Every entry, by shelf. */
export const entries: readonly Entry[] = (() => {
  const rows: readonly (readonly [string, Row])[] = [...Object.entries(own), ...Object.entries(foreign)]
  const all = rows.map(([id, [group, test, details]]): Entry => {
    const { codes = [], phrases = [], page = null } = details ?? {}
    return { id, group, test, codes, phrases, page }
  })
  return entryGroups.flatMap((group) => all.filter((entry) => entry.group === group))
})()

/** Whether an entry's sentences are those of our error code. */
export function isOwnCode(id: string): id is ErrorCode {
  return (errorCodes as readonly string[]).includes(id)
}

/** The entry that a code of ours or of another program leads to; undefined for one that nobody knows. */
export function findEntry(code: string): Entry | undefined {
  return entries.find(({ id }) => id === code) ?? entries.find(({ codes }) => codes.includes(code))
}
