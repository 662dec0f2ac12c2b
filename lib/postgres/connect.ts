import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import pg from 'pg'
import { AppError } from '@/lib/core/errors'
import { quoteName, quoteText } from '@/lib/core/quoted-name'
import { toPostgresError } from './postgres-error'
import { asTargetUrl, checkAddress, type TargetUrl, targetLabel } from './target-url'

export { isContended, sqlStateOf, toPostgresError } from './postgres-error'

export interface ConnectOptions {
  /** Shown in pg_stat_activity; ours all start with "bascule". */
  readonly applicationName: string
  /** Closes the socket when it fires, also in the middle of a statement. */
  readonly signal?: AbortSignal
}

/**
 * Opens a connection with a session in which text means the same everywhere: UTC, ISO dates, shortest exact floats,
 * standard strings, no time limits, nothing compiled, names looked up in the target's schema.
 *
 * The address is resolved here and checked before it is used, so that a name cannot lead to another address than the
 * one that was checked. With sslmode prefer TLS is tried first, except on this machine.
 *
 * @throws AppError TARGET_UNREACHABLE, TARGET_PASSWORD_REFUSED, TARGET_DATABASE_MISSING, TARGET_TLS_FAILED …; no socket is left
 */
export async function connectPostgres(url: TargetUrl | string, options: ConnectOptions): Promise<pg.Client> {
  const target = asTargetUrl(url)
  const label = targetLabel(target)
  try {
    const address = await resolveAddress(target)
    const client = await openWithTls(target, address, options)
    const cut = () => destroy(client)
    options.signal?.addEventListener('abort', cut, { once: true })
    client.once('end', () => options.signal?.removeEventListener('abort', cut))
    await client.query(sessionSettings(target.schema))
    return client
  } catch (error) {
    throw toPostgresError(error, label)
  }
}

/** Closes the socket at once, whatever runs on it; the server rolls back. */
export function destroy(client: pg.ClientBase): void {
  // `connection.stream` is pg's documented way to the socket ("client.connection.stream") but not in its types.
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** Runs `use` with a connection that is closed afterwards in any case. */
export async function withPostgres<T>(
  url: TargetUrl | string,
  options: ConnectOptions,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectPostgres(url, options)
  try {
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function sessionSettings(schema: string): string {
  return [
    `SET client_encoding = 'UTF8'`,
    `SET standard_conforming_strings = on`,
    `SET TimeZone = 'UTC'`,
    `SET DateStyle = 'ISO, YMD'`,
    `SET IntervalStyle = 'postgres'`,
    `SET bytea_output = 'hex'`,
    'SET extra_float_digits = 3',
    'SET statement_timeout = 0',
    'SET idle_in_transaction_session_timeout = 0',
    // Where we tell the planner to go by the index it reckons with costs that would have each small statement compiled: half a
    // second instead of half a millisecond. From the list of settings, since servers that are too old for us have no such one.
    `SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit'`,
    // Only this schema: pg_get_constraintdef and friends then qualify everything else.
    `SELECT set_config('search_path', ${quoteText(quoteName(schema))}, false)`,
  ].join('; ')
}

/** The address that a target’s name leads to, checked. @throws AppError TARGET_URL_REFUSED, TARGET_UNREACHABLE; lookup errors */
export async function resolveAddress(target: TargetUrl): Promise<string> {
  const addresses = isIP(target.host) ? [{ address: target.host }] : await lookup(target.host, { all: true, verbatim: false })
  for (const { address } of addresses) checkAddress(address, target.allowPrivate)
  const [first] = addresses
  if (!first)
    throw new AppError({ code: 'TARGET_UNREACHABLE', message: 'The host name leads to no address.', subject: targetLabel(target) })
  return first.address
}

async function openWithTls(target: TargetUrl, address: string, options: ConnectOptions): Promise<pg.Client> {
  if (target.sslMode === 'disable' || (target.sslMode === 'prefer' && isThisMachine(address))) return open(target, address, false, options)
  try {
    return await open(target, address, tlsOptions(target), options)
  } catch (error) {
    const unsupported = error instanceof Error && /does not support SSL/i.test(error.message)
    if (target.sslMode !== 'prefer' || !unsupported) throw error
    return open(target, address, false, options)
  }
}

/** Where sslmode=prefer does without TLS: nobody listens in between. */
export function isThisMachine(address: string): boolean {
  return address === '127.0.0.1' || address === '::1'
}

type Tls = NonNullable<pg.ClientConfig['ssl']>

/** What TLS checks in a mode that wants it. */
export function tlsOptions(target: TargetUrl): Tls {
  return {
    rejectUnauthorized: target.sslMode === 'verify-full' || target.sslMode === 'verify-ca',
    ...(isIP(target.host) ? {} : { servername: target.host }),
    ...(target.ca === null ? {} : { ca: target.ca }),
    ...(target.sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  }
}

/**
 * A pool for code that wants one (Prisma's adapter), whose connections have the same session as `connectPostgres`.
 * `like` is an open connection to the same server: whether TLS is used is taken from it.
 */
export async function createPool(
  like: pg.Client,
  url: TargetUrl | string,
  options: ConnectOptions & { readonly max: number },
): Promise<pg.Pool> {
  const target = asTargetUrl(url)
  const { rows } = await like.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
  const config = clientConfig(target, await resolveAddress(target), rows[0]?.ssl ? tlsOptions(target) : false, options)
  const pool = new pg.Pool({
    ...config,
    max: options.max,
    verify: (client, done) => void client.query(sessionSettings(target.schema)).then(() => done(), done),
  })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    client.on('error', leaveToStatement)
    const cut = () => destroy(client)
    options.signal?.addEventListener('abort', cut, { once: true })
    client.once('end', () => options.signal?.removeEventListener('abort', cut))
  })
  return pool
}

function clientConfig(target: TargetUrl, address: string, ssl: Tls, options: ConnectOptions): pg.ClientConfig {
  return {
    host: address,
    port: target.port,
    user: target.user,
    // An empty string would make pg look into PGPASSWORD and ~/.pgpass, which belong to somebody else.
    password: () => target.password,
    database: target.database,
    ssl,
    application_name: options.applicationName,
    connectionTimeoutMillis: target.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(target.options === null ? {} : { options: target.options }),
  }
}

/** A connection that breaks while nothing runs on it must not end the process: the next statement reports it. */
function leaveToStatement(): void {}

async function open(target: TargetUrl, address: string, ssl: Tls, options: ConnectOptions): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(target, address, ssl, options))
  // From the first: a server that ends the session as it begins says both in one breath, before anybody has heard of the client.
  client.on('error', leaveToStatement)
  const abort = () => destroy(client)
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    if (options.signal?.aborted) throw new AppError({ code: 'CANCELLED', message: 'The operation was cancelled.' })
    await client.connect()
    return client
  } catch (error) {
    destroy(client)
    throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}
