import type pg from 'pg'
import { z } from 'zod'
import { readDiskSpace } from '@/lib/core/disk-space'
import { AppError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import { connectPostgres, sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { findPgDump } from '@/lib/postgres/find-pg-dump'
import { inspectTarget } from '@/lib/postgres/inspect-target'
import { probeCertificate } from '@/lib/postgres/probe-certificate'
import { readServerFacts } from '@/lib/postgres/server-facts'
import type { TargetUrl } from '@/lib/postgres/target-url'
import type { Found } from './diagnosis'
import type { Subject } from './subject'

/** Connections below which the next burst of requests would find none. */
const fewConnections = 3
/** Free bytes below which PostgreSQL is about to stop writing. */
const littleRoomBytes = 64 * 1024 * 1024

/** The target to ask, or what there is to say without one. */
export function targetOf({ target }: Subject): { readonly url: TargetUrl; readonly label: string } | Found {
  if (target === null) return { finding: 'target-none' }
  if (!('error' in target)) return target
  const { code, message } = toPostgresError(target.error, 'target URL')
  return { finding: 'target-unreached', seeAlso: code, detail: message }
}

/** Whether a look at the target ends in just this code. */
export async function askTarget(subject: Subject, code: string, signal: AbortSignal): Promise<Found> {
  const target = targetOf(subject)
  if ('finding' in target) return target.seeAlso === code ? { ...target, finding: 'target-is', seeAlso: null } : target
  const { label: asked } = target
  const { checks, serverVersion } = await inspectTarget(target.url, signal)
  const failed = checks.filter(({ status }) => status === 'failed')
  const same = checks.find((check) => check.code === code)
  if (same) return { finding: 'target-is', asked, detail: same.message, remedy: remedyFor(code, target.url) }
  const [first] = failed
  // The app's own database is in use, which is no fault of it.
  if (first && !(first.code === 'TARGET_NOT_EMPTY' && subject.state.status !== 'on-sqlite')) {
    return { finding: 'target-other', asked, seeAlso: first.code, detail: first.message }
  }
  return { finding: 'target-fine', asked, params: { version: serverVersion ?? '' } }
}

/** What a server's certificate looks like to a client that checks it, and whether that is the entry's trouble. */
export async function askCertificate(subject: Subject, entry: string, signal: AbortSignal): Promise<Found> {
  const target = targetOf(subject)
  if ('finding' in target) return target
  const asked = target.label
  const probe = await probeCertificate(target.url, signal).catch((error: unknown) => toPostgresError(error, asked))
  if (probe instanceof AppError) return { finding: 'target-unreached', asked, seeAlso: probe.code, detail: probe.message }
  const wantsAny = entry === 'TARGET_TLS_FAILED'
  if (probe.kind === 'plain') {
    const strict = target.url.sslMode !== 'prefer' && target.url.sslMode !== 'disable'
    if (wantsAny && strict) return { finding: 'certificate-plain', asked, params: { mode: target.url.sslMode } }
    return { finding: 'certificate-other', asked, seeAlso: strict ? 'TARGET_TLS_FAILED' : null, detail: 'The server offers no TLS.' }
  }
  const { problem, issuer, validTo, names, host } = probe
  const params = { issuer, validToAt: validTo, names, host }
  if (problem === null) return { finding: 'certificate-fine', asked, params }
  const { finding, id } = certificateFinding(problem)
  const checks = target.url.sslMode === 'verify-ca' || target.url.sslMode === 'verify-full'
  if (entry === id || (wantsAny && checks)) return { finding, asked, params, detail: problem }
  return { finding: 'certificate-other', asked, params, seeAlso: id, detail: problem }
}

function certificateFinding(problem: string) {
  if (problem === 'CERT_HAS_EXPIRED') return { finding: 'certificate-expired', id: 'CERTIFICATE_EXPIRED' } as const
  if (problem === 'ERR_TLS_CERT_ALTNAME_INVALID') return { finding: 'certificate-name', id: 'CERTIFICATE_NAME' } as const
  return { finding: 'certificate-untrusted', id: 'CERTIFICATE_UNTRUSTED' } as const
}

/** How many connections are left, by whichever limit is the narrowest. */
export async function askConnections(subject: Subject, signal: AbortSignal): Promise<Found> {
  return withTarget(
    subject,
    signal,
    async (client, { label: asked }) => {
      const { freeConnections: free, maxConnections: maximum, used } = await readServerFacts(client)
      const params = { free, maximum, used }
      if (free >= fewConnections) return { finding: 'connections-free', asked, params }
      return { finding: 'connections-full', asked, params, remedy: connectionRemedy }
    },
    (error, { label: asked }) =>
      sqlStateOf(error) === '53300'
        ? { finding: 'connections-full', asked, params: { free: 0, maximum: 0, used: 0 }, detail: error.message, remedy: connectionRemedy }
        : null,
  )
}

const connectionRemedy = `-- who holds them:
SELECT usename, application_name, client_addr, state, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC;
-- the limit (needs a restart of the server):
ALTER SYSTEM SET max_connections = 200;`

/** Room on the server's disk, which can only be seen when the server is on this machine. */
export async function askServerDisk(subject: Subject, signal: AbortSignal): Promise<Found> {
  return withTarget(subject, signal, async (client, { url, label: asked }) => {
    const { dataDirectory } = await readServerFacts(client)
    const isHere = ['127.0.0.1', '::1', 'localhost'].includes(url.host)
    const space = isHere && dataDirectory !== null ? await readDiskSpace(dataDirectory).catch(() => null) : null
    if (space === null || space.folder !== dataDirectory) return { finding: 'disk-elsewhere', asked, remedy: 'df -h /var/lib/postgresql' }
    const params = { freeBytes: space.freeBytes }
    return { finding: space.freeBytes < littleRoomBytes ? 'disk-full' : 'disk-room', asked, params }
  })
}

const rightsRow = z.object({
  inDatabase: z.boolean(),
  inSchema: z.boolean(),
  readOnly: z.boolean(),
  foreignTables: z.array(z.string()),
  role: z.string(),
  database: z.string(),
})

/** CREATE on database and schema, tables that belong to somebody else, and a server that takes no writes. */
export async function askRights(subject: Subject, entry: string, signal: AbortSignal): Promise<Found> {
  return withTarget(subject, signal, async (client, { url, label: asked }) => {
    const { inDatabase, inSchema, readOnly, foreignTables, role, database } = rightsRow.parse(
      (await client.query(rightsSql, [url.schema])).rows[0],
    )
    const params = { role, database, schema: url.schema }
    const wantsWrites = entry === 'READ_ONLY_SERVER'
    if (readOnly) {
      return { finding: wantsWrites ? 'rights-read-only' : 'rights-other', asked, params, seeAlso: wantsWrites ? null : 'READ_ONLY_SERVER' }
    }
    if (inDatabase && inSchema && foreignTables.length === 0) return { finding: 'rights-enough', asked, params }
    if (wantsWrites) return { finding: 'rights-other', asked, params, seeAlso: 'TARGET_NOT_PRIVILEGED' }
    const missing = [
      ...(inDatabase ? [] : [`CREATE ON DATABASE ${database}`]),
      ...(inSchema ? [] : [`CREATE, USAGE ON SCHEMA ${url.schema}`]),
      ...foreignTables.map((name) => `SELECT, INSERT, UPDATE, DELETE ON ${name}`),
    ]
    const [by, here, to] = [quoteName(database), quoteName(url.schema), quoteName(role)]
    const remedy = [
      `-- as an administrator, connected to ${database}:`,
      ...(inDatabase ? [] : [`GRANT CREATE ON DATABASE ${by} TO ${to};`]),
      ...(inSchema ? [] : [`GRANT CREATE, USAGE ON SCHEMA ${here} TO ${to};`]),
      ...(foreignTables.length === 0
        ? []
        : [`GRANT ALL ON ALL TABLES IN SCHEMA ${here} TO ${to};`, `GRANT ALL ON ALL SEQUENCES IN SCHEMA ${here} TO ${to};`]),
    ].join('\n')
    return { finding: 'rights-lacking', asked, params, examples: missing, remedy }
  })
}

const rightsSql = `
SELECT current_user AS role, current_database() AS database,
  has_database_privilege(current_database(), 'CREATE') AS "inDatabase",
  coalesce(has_schema_privilege(to_regnamespace(quote_ident($1)), 'CREATE')
    AND has_schema_privilege(to_regnamespace(quote_ident($1)), 'USAGE'), has_database_privilege(current_database(), 'CREATE')) AS "inSchema",
  pg_is_in_recovery() OR (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only')::bool AS "readOnly",
  ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind IN ('r', 'p')
    AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
      AND has_table_privilege(c.oid, 'DELETE')) ORDER BY c.relname LIMIT 20) AS "foreignTables"`

const waitRow = z.object({ pid: z.number(), waits: z.coerce.number(), by: z.string(), state: z.string().nullable() })

/** Sessions that wait for another's lock now, and who holds it. */
export async function askLocks(subject: Subject, signal: AbortSignal): Promise<Found> {
  if (!subject.asksPostgres) return { finding: 'sqlite-active', seeAlso: 'SOURCE_BUSY' }
  return withTarget(subject, signal, async (client, { label: asked }) => {
    const waiting = z.array(waitRow).parse((await client.query(locksSql)).rows)
    if (waiting.length === 0) return { finding: 'locks-none', asked }
    const blockers = [...new Set(waiting.map(({ by }) => by))]
    return {
      finding: 'locks-waiting',
      asked,
      params: { count: waiting.length, longestMs: Math.round(Math.max(...waiting.map(({ waits }) => waits))) },
      examples: waiting.map(({ pid, by, state }) => `${pid} ← ${by}${state === null ? '' : ` (${state})`}`).slice(0, 10),
      remedy: blockers
        .flatMap((pids) => pids.split(', '))
        .map((pid) => `SELECT pg_terminate_backend(${pid});`)
        .join('\n'),
    }
  })
}

const locksSql = `
SELECT w.pid, extract(epoch FROM clock_timestamp() - w.query_start) * 1000 AS waits, array_to_string(pg_blocking_pids(w.pid), ', ') AS by,
  (SELECT string_agg(DISTINCT b.state, ', ') FROM pg_stat_activity b WHERE b.pid = ANY (pg_blocking_pids(w.pid))) AS state
FROM pg_stat_activity w WHERE w.datname = current_database() AND cardinality(pg_blocking_pids(w.pid)) > 0 ORDER BY 2 DESC`

/** A pg_dump at least as new as the server. */
export async function askPgDump(subject: Subject, signal: AbortSignal): Promise<Found> {
  return withTarget(subject, signal, async (client, { label: asked }) => {
    const [dump, { versionNumber, version: server }] = [await findPgDump(), await readServerFacts(client)]
    const major = Math.floor(versionNumber / 10_000)
    const params = { version: dump?.version ?? '', server, major }
    const remedy = `sudo apt-get install postgresql-client-${major}`
    if (dump === null) return { finding: 'pg-dump-missing', asked, params, remedy }
    if (dump.major < major) return { finding: 'pg-dump-old', asked, params, remedy, examples: [dump.path] }
    return { finding: 'pg-dump-fine', asked, params, examples: [dump.path] }
  })
}

/** Runs `ask` on a read-only connection. A server that cannot be reached is what `failed` makes of it, or else not known. */
export async function withTarget(
  subject: Subject,
  signal: AbortSignal,
  ask: (client: pg.Client, target: { readonly url: TargetUrl; readonly label: string }) => Promise<Found>,
  failed: (error: AppError, target: { readonly label: string }) => Found | null = () => null,
): Promise<Found> {
  const target = targetOf(subject)
  if ('finding' in target) return target
  let client: pg.Client | undefined
  try {
    client = await connectPostgres(target.url, { applicationName: 'bascule troubleshooting', signal })
    await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
    return await ask(client, target)
  } catch (cause) {
    const error = toPostgresError(cause, target.label)
    return failed(error, target) ?? { finding: 'target-unreached', asked: target.label, seeAlso: error.code, detail: error.message }
  } finally {
    await client?.end().catch(() => undefined)
  }
}

/** What a database administrator would type about one of the target's own codes. */
function remedyFor(code: string, { user, database, host, port }: TargetUrl): string | null {
  const test = `psql "host=${host} port=${port} dbname=${database} user=${user}"`
  switch (code) {
    case 'TARGET_PASSWORD_REFUSED':
      return `-- on the server, as an administrator (sudo -u postgres psql):\n\\password ${quoteName(user)}\n-- then try it by hand:\n-- ${test}`
    case 'TARGET_DATABASE_MISSING':
      return `CREATE DATABASE ${quoteName(database)} OWNER ${quoteName(user)} ENCODING 'UTF8' TEMPLATE template0;`
    case 'TARGET_UNREACHABLE':
      return `pg_isready -h ${host} -p ${port}\nsudo systemctl status postgresql`
    case 'TARGET_NOT_EMPTY':
      return `CREATE DATABASE ${quoteName(`${database}_new`)} OWNER ${quoteName(user)} ENCODING 'UTF8' TEMPLATE template0;`
    case 'TARGET_ENCODING_UNSUPPORTED':
      return `CREATE DATABASE ${quoteName(`${database}_utf8`)} OWNER ${quoteName(user)} ENCODING 'UTF8' TEMPLATE template0;`
    default:
      return null
  }
}
