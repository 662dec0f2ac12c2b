import { AppError } from '@/lib/core/errors'

/** How the connection is protected, as libpq names it. */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** A target's URL after every check that needs no network. */
export interface TargetUrl {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** From `?schema=`, as Prisma reads it. Default: public. */
  readonly schema: string
  /** From `?sslmode=`. Default: prefer. */
  readonly sslMode: SslMode
  /** From `?sslca=`, base64: the certificate of the authority that verify-ca and verify-full trust, as PEM; null: those that Node trusts. */
  readonly ca: string | null
  /** From `?connect_timeout=`, in milliseconds. Default: 10,000. */
  readonly connectTimeoutMs: number
  /** Server options from `?options=`, which some hosts use to find the database. Only `endpoint=…` and `project=…` are let through. */
  readonly options: string | null
  /** Whether the host may be in a private network; checked again on the address that the name leads to. */
  readonly allowPrivate: boolean
}

/** Whether the server is on this machine, as far as its name tells: a tunnel looks the same. */
export function isOnThisMachine({ host }: Pick<TargetUrl, 'host'>): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host)
}

export interface TargetUrlOptions {
  /** Whether loopback and private networks are allowed. Link-local and metadata addresses never are. */
  readonly allowPrivate: boolean
}

const sslModes: readonly SslMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']

/** Parameters that make a client read files or another host: the door that a URL from a browser must not open. */
const refusedParameters = new Set([
  'host',
  'hostaddr',
  'port',
  'service',
  'servicefile',
  'passfile',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslcrl',
  'sslcrldir',
  'sslpassword',
  'sslidentity',
  'krbsrvname',
  'gsslib',
  'socket',
  'user',
  'password',
  'dbname',
  'oauth_issuer',
])

/** Parameters of Prisma, libpq and poolers that change nothing here. */
const harmlessParameters = new Set([
  'schema',
  'sslmode',
  'sslca',
  'connect_timeout',
  'options',
  'connection_limit',
  'pool_timeout',
  'pgbouncer',
  'application_name',
  'fallback_application_name',
  'statement_cache_size',
  'socket_timeout',
  'sslaccept',
  'channel_binding',
  'uselibpqcompat',
  'target_session_attrs',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'gssencmode',
  'client_encoding',
  'max_idle_connection_lifetime',
  'pool',
  'pool_mode',
  'workaround',
  'supa',
])

/**
 * Parses and checks the URL of a PostgreSQL database.
 *
 * @throws AppError TARGET_URL_INVALID (not a usable URL) or TARGET_URL_REFUSED (one that could read files or reach
 *   addresses that are nobody's database)
 */
export function parseTargetUrl(text: string, options: TargetUrlOptions): TargetUrl {
  const url = parse(text.trim())
  for (const name of url.searchParams.keys()) checkParameter(name)
  const host = decode(url.hostname.replace(/^\[|\]$/g, ''))
  if (host === '') throw invalid('The URL names no host.', 'Write it as postgresql://user:password@host:5432/database.')
  if (/[/\\\s]/.test(host)) throw refused('The URL names a socket file instead of a host.')
  const database = decode(url.pathname.slice(1))
  if (database === '')
    throw invalid('The URL names no database.', 'Write the database behind the host: postgresql://user:password@host:5432/database.')
  const user = decode(url.username)
  if (user === '') throw invalid('The URL names no user.', 'Write it as postgresql://user:password@host:5432/database.')
  const sslMode = url.searchParams.get('sslmode') ?? 'prefer'
  const known = sslModes.find((mode) => mode === sslMode) ?? (sslMode === 'allow' ? 'prefer' : undefined)
  if (!known) throw invalid(`The URL's sslmode is not one of ${sslModes.join(', ')}.`, 'Leave sslmode out, or use require.')
  const schema = url.searchParams.get('schema') ?? 'public'
  checkSchema(schema)
  const target: TargetUrl = {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    password: decode(url.password),
    database,
    schema,
    sslMode: known,
    ca: certificateOf(url.searchParams.get('sslca')),
    connectTimeoutMs: seconds(url.searchParams.get('connect_timeout')) ?? 10_000,
    options: hostingOptions(url.searchParams.get('options')),
    allowPrivate: options.allowPrivate,
  }
  checkAddress(host, options.allowPrivate)
  return target
}

/** What may be shown of a target: user@host:port/database, and the schema when it is not public. Never the password. */
export function targetLabel(url: TargetUrl | string): string {
  const target = asTargetUrl(url)
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const schema = target.schema === 'public' ? '' : `?schema=${target.schema}`
  return `${target.user}@${host}:${target.port}/${target.database}${schema}`
}

/** The schema that holds the app's tables. */
export function schemaOf(url: TargetUrl | string): string {
  return asTargetUrl(url).schema
}

/** A URL that was checked when it entered the process (a stored or environment URL), parsed again. */
export function asTargetUrl(url: TargetUrl | string): TargetUrl {
  return typeof url === 'string' ? parseTargetUrl(url, { allowPrivate: true }) : url
}

/**
 * Refuses an address that is nobody's database: link-local (cloud metadata lives there), unspecified, multicast.
 * Call it with the host as written and again with each address that the name resolves to.
 *
 * @throws AppError TARGET_URL_REFUSED
 */
export function checkAddress(host: string, allowPrivate: boolean): void {
  const address = host.toLowerCase().replace(/%.*$/, '')
  const ipv4 = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  const [a, b, c, d] = ipv4 ? ipv4.slice(1).map(Number) : []
  const isNever =
    a !== undefined && b !== undefined
      ? (a === 169 && b === 254) || a === 0 || a >= 224 || (a === 100 && b === 100 && c === 100 && d === 200)
      : /^(fe[89ab][0-9a-f]:|ff[0-9a-f]{2}:|fd00:ec2:)/.test(address) ||
        address === '::' ||
        /^::ffff:(a9fe|0?0?0?0):/.test(address) ||
        /(^|\.)metadata\.(google\.internal|azure\.com)$/.test(address)
  if (isNever) throw refused('The URL leads to a link-local, metadata or otherwise reserved address.')
  if (allowPrivate) return
  const isPrivate =
    a !== undefined && b !== undefined
      ? a === 10 || a === 127 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b <= 127)
      : /^(::1$|f[cd][0-9a-f]{2}:|::ffff:)/.test(address) || address === 'localhost' || address.endsWith('.localhost')
  if (isPrivate)
    throw refused('The URL leads into a private network, which this server does not allow.', 'ALLOW_PRIVATE_TARGETS=true allows it.')
}

function parse(text: string): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme === '')
    throw invalid('This is not a URL.', 'Write it as postgresql://user:password@host:5432/database.')
  if (scheme !== 'postgres' && scheme !== 'postgresql') {
    throw invalid('The URL does not start with postgresql://.', 'Only PostgreSQL databases can be the target.')
  }
  try {
    return new URL(text)
  } catch (cause) {
    throw invalid(
      'The URL cannot be read.',
      'Write it as postgresql://user:password@host:5432/database; special characters of the password as %40 for @, %3A for :, %2F for /, %23 for #.',
      cause,
    )
  }
}

function checkParameter(name: string): void {
  const lower = name.toLowerCase()
  if (refusedParameters.has(lower)) {
    throw refused(`The URL has the parameter ${lower}, which could read files or reach another host.`, `Leave ${lower} out of the URL.`)
  }
  if (!harmlessParameters.has(lower)) throw invalid(`The URL has a parameter that is not known (${name.slice(0, 40)}).`, 'Leave it out.')
}

function checkSchema(schema: string): void {
  const reserved = schema === 'bascule' || schema === 'information_schema' || schema.startsWith('pg_')
  if (schema === '' || reserved || schema.includes('\0') || Buffer.byteLength(schema) > 63) {
    throw invalid(
      "The schema in the URL cannot hold the app's tables.",
      'Use another name behind ?schema=, at most 63 bytes long, or leave it out for public.',
    )
  }
}

function hostingOptions(text: string | null): string | null {
  if (text === null || text === '') return null
  if (!/^(endpoint|project)=[A-Za-z0-9._-]+$/.test(text)) throw refused('The URL sets server options.', 'Leave the parameter options out.')
  return text
}

/** Given with the address, so that it is sealed with it and no path of this machine is ever named by a browser. */
function certificateOf(text: string | null): string | null {
  if (text === null || text === '') return null
  const pem = Buffer.from(text, 'base64').toString('latin1')
  if (/^-----BEGIN CERTIFICATE-----[\w+/=\s-]+-----END CERTIFICATE-----\s*$/.test(pem)) return pem
  throw invalid(
    'The certificate in sslca is not one in PEM form.',
    'Give the text of the CA file, from BEGIN CERTIFICATE to END CERTIFICATE.',
  )
}

function seconds(text: string | null): number | undefined {
  const value = text === null ? Number.NaN : Number(text)
  return Number.isFinite(value) && value > 0 ? Math.min(value, 60) * 1000 : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw invalid('The URL has a % that does not begin an escape.', 'Write a percent sign in a password as %25.', cause)
  }
}

function invalid(message: string, hint: string, cause?: unknown): AppError {
  return new AppError({ code: 'TARGET_URL_INVALID', operation: 'read the target URL', message, hint, cause })
}

function refused(message: string, hint = 'Use the address of the PostgreSQL server itself.'): AppError {
  return new AppError({ code: 'TARGET_URL_REFUSED', operation: 'read the target URL', message, hint })
}
