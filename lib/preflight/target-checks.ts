import { access, constants } from 'node:fs/promises'
import type pg from 'pg'
import { z } from 'zod'
import { readDiskSpace } from '@/lib/core/disk-space'
import { AppError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import { connectPostgres, sqlStateOf } from '@/lib/postgres/connect'
import { inspectTarget, type TargetCheck, type TargetInspection } from '@/lib/postgres/inspect-target'
import { readExtensions, readServerFacts, type ServerFacts } from '@/lib/postgres/server-facts'
import { isOnThisMachine, type TargetUrl } from '@/lib/postgres/target-url'
import { judged, unasked } from './ask'
import type { CheckCode } from './check-catalogue'
import type { PreflightCheck } from './preflight-result'
import { thresholds } from './thresholds'

export interface TargetAnswers {
  readonly inspection: TargetInspection
  /** Null when the server was not reached. */
  readonly facts: ServerFacts | null
  readonly checks: readonly PreflightCheck[]
}

export interface TargetQuestion {
  readonly target: TargetUrl
  /** Bytes of the source; null when it could not be read. */
  readonly sourceBytes: number | null
  /** Extensions that the target's schema makes. */
  readonly extensions: readonly string[]
}

/** Codes of the checks that `askTarget` answers. */
export const targetCodes = [
  'target-reachable',
  'target-version',
  'target-tls',
  'target-privileges',
  'target-empty',
  'target-encoding',
  'target-time-zone',
  'target-extensions',
  'target-connections',
  'target-latency',
  'target-disk',
] as const satisfies readonly CheckCode[]

/** Looks at the target without changing it. What goes wrong is part of the answer. */
export async function askTarget(question: TargetQuestion, signal: AbortSignal): Promise<TargetAnswers> {
  const { target } = question
  const inspection = await inspectTarget(target, signal)
  const shown = inspection.checks.map((check) => fromInspection(check, inspection, target))
  if (inspection.serverVersion === null) {
    const reason = new AppError({ code: 'TARGET_UNREACHABLE', message: 'Not checked: the server was not reached.' })
    const rest = ['target-time-zone', 'target-extensions', 'target-connections', 'target-disk'] as const
    const isFull = await refusesForNumber(target, signal)
    const others = rest.map((code) =>
      isFull && code === 'target-connections'
        ? judged(code, 'none', { where: inspection.label, params: noConnections })
        : unasked(code, reason, { where: inspection.label }),
    )
    return { inspection, facts: null, checks: [...shown, ...others] }
  }
  let client: pg.Client | undefined
  let facts: ServerFacts | null = null
  const checks: PreflightCheck[] = [...shown]
  /** Each of what follows fails alone. */
  const attempt = async (code: CheckCode, ask: () => Promise<PreflightCheck>) => {
    checks.push(await ask().catch((error: unknown) => unasked(code, error, { where: inspection.label })))
  }
  try {
    client = await connectPostgres(target, { applicationName: 'bascule preflight', signal })
    const connection = client
    const known = await readServerFacts(connection)
    facts = known
    await attempt('target-time-zone', async () => judgeTimeZone(known, inspection.label))
    await attempt('target-extensions', async () => judgeExtensions(await readExtensions(connection, question.extensions), inspection.label))
    await attempt('target-connections', async () => judgeConnections(known, inspection.label))
    await attempt('target-disk', () => askDisk(connection, known, target, question.sourceBytes, inspection.label))
  } catch (error) {
    for (const code of ['target-time-zone', 'target-extensions', 'target-connections', 'target-disk'] as const) {
      const isFull = code === 'target-connections' && sqlStateOf(error) === '53300'
      checks.push(
        isFull
          ? judged(code, 'none', { where: inspection.label, params: noConnections })
          : unasked(code, error, { where: inspection.label }),
      )
    }
  } finally {
    await client?.end().catch(() => undefined)
  }
  return { inspection, facts, checks }
}

const noConnections = { free: 0, needed: thresholds.migrationConnections, app: thresholds.appConnections }

/** A check of the target's own inspection, as one of the preflight. */
function fromInspection(check: TargetCheck, inspection: TargetInspection, target: TargetUrl): PreflightCheck {
  const { label } = inspection
  const code = `target-${check.name}` as const
  if (check.status === 'unknown')
    return unasked(code, new AppError({ code: check.code ?? 'TARGET_UNREACHABLE', message: check.message }), { where: label })
  const error = check.status === 'failed' ? { code: check.code ?? 'INTERNAL', message: check.message, hint: check.hint } : null
  const details = { where: label, error }
  const version = inspection.serverVersion ?? ''
  const database = quoteName(target.database)
  switch (check.name) {
    case 'reachable':
      return judged('target-reachable', check.status === 'passed' ? 'reached' : 'unreachable', { ...details, params: { version } })
    case 'version':
      return judged('target-version', check.status === 'passed' ? 'supported' : 'too-old', { ...details, params: { version } })
    case 'tls':
      if (check.status === 'passed') return judged('target-tls', inspection.tls === true ? 'encrypted' : 'local', details)
      return judged('target-tls', 'plain', { ...details, remedy: '?sslmode=require' })
    case 'privileges': {
      if (check.status === 'passed') return judged('target-privileges', 'enough', details)
      if (/read-only/.test(check.message)) return judged('target-privileges', 'read-only', details)
      const grants = [`ALTER DATABASE ${database} OWNER TO ${quoteName(target.user)};`]
      const remedy = `${grants.join('\n')}\n-- or, without making it the owner:\nGRANT CREATE ON DATABASE ${database} TO ${quoteName(target.user)};\nGRANT CREATE, USAGE ON SCHEMA ${quoteName(target.schema)} TO ${quoteName(target.user)};`
      return judged('target-privileges', 'lacking', { ...details, remedy })
    }
    case 'empty': {
      const remedy = `CREATE DATABASE ${quoteName(`${target.database}_new`)} ENCODING 'UTF8' TEMPLATE template0;`
      if (check.status === 'passed') return judged('target-empty', 'empty', { ...details, params: { schema: target.schema } })
      if (check.status === 'failed') {
        return judged('target-empty', inspection.leftover === 'in-use' ? 'in-use' : 'not-empty', {
          ...details,
          remedy,
          params: { schema: target.schema },
        })
      }
      return judged('target-empty', inspection.leftover === 'cleanable' ? 'leftover' : 'earlier-copy', details)
    }
    case 'encoding': {
      if (check.status === 'passed') return judged('target-encoding', 'utf8', details)
      const remedy = `CREATE DATABASE ${quoteName(`${target.database}_utf8`)} ENCODING 'UTF8' TEMPLATE template0;`
      return judged('target-encoding', 'other', { ...details, remedy })
    }
    case 'latency':
      return judged('target-latency', check.status === 'passed' ? 'near' : 'far', {
        ...details,
        params: { latencyMs: inspection.latencyMs ?? 0 },
      })
  }
}

const utcNames = /^(UTC|Etc\/UTC|Etc\/UCT|UCT|GMT|Etc\/GMT|Zulu|Universal|Etc\/Zulu|Etc\/Universal)$/i

/** Only sessions that do not set their own zone are concerned: psql, reports, other tools. Ours and the app's say UTC. */
export function judgeTimeZone({ timeZone, databaseName }: Pick<ServerFacts, 'timeZone' | 'databaseName'>, label: string): PreflightCheck {
  if (utcNames.test(timeZone)) return judged('target-time-zone', 'utc', { where: label, params: { timeZone } })
  const remedy = `ALTER DATABASE ${quoteName(databaseName)} SET timezone TO 'UTC';`
  return judged('target-time-zone', 'other', { where: label, params: { timeZone }, remedy })
}

export function judgeExtensions(
  extensions: readonly { readonly name: string; readonly installed: boolean; readonly available: boolean }[],
  label: string,
): PreflightCheck {
  if (extensions.length === 0) return judged('target-extensions', 'none-needed', { where: label })
  const missing = extensions.filter(({ installed, available }) => !installed && !available).map(({ name }) => name)
  const names = extensions.map(({ name }) => name)
  if (missing.length > 0) return judged('target-extensions', 'missing', { where: label, count: missing.length, examples: missing })
  return judged('target-extensions', 'available', { where: label, count: names.length, examples: names })
}

export function judgeConnections(
  facts: Pick<ServerFacts, 'freeConnections' | 'maxConnections' | 'roleLimit' | 'databaseLimit' | 'databaseName'>,
  label: string,
): PreflightCheck {
  const { migrationConnections: needed, appConnections: app } = thresholds
  // Besides the one that asks, which the migration has as well.
  const free = facts.freeConnections + 1
  const details = { where: label, params: { free, needed, app } }
  if (free >= needed + app) return judged('target-connections', 'enough', details)
  const remedy =
    facts.roleLimit >= 0 && facts.roleLimit < needed + app
      ? 'ALTER ROLE current_user CONNECTION LIMIT -1;'
      : facts.databaseLimit >= 0 && facts.databaseLimit < needed + app
        ? `ALTER DATABASE ${quoteName(facts.databaseName)} CONNECTION LIMIT -1;`
        : `ALTER SYSTEM SET max_connections = ${facts.maxConnections + needed + app}; -- then restart PostgreSQL`
  return judged('target-connections', free >= needed ? 'few' : 'none', { ...details, remedy })
}

/**
 * PostgreSQL has no function that tells how much room its disk has, to no role. Only where the server is on this machine and
 * says where its files are can we look ourselves; otherwise what is needed is said, and how to find out what is there.
 */
async function askDisk(
  client: pg.Client,
  facts: ServerFacts,
  target: TargetUrl,
  sourceBytes: number | null,
  label: string,
): Promise<PreflightCheck> {
  if (sourceBytes === null) throw new AppError({ code: 'SOURCE_UNREADABLE', message: 'The size of the source is not known.' })
  const neededBytes = Math.ceil(sourceBytes * thresholds.targetFactor) + thresholds.reserveBytes
  const { dataDirectory } = facts
  // A server in a container has its folder somewhere else: a folder of that name here may be anything.
  if (isOnThisMachine(target) && dataDirectory !== null && (await isPresent(`${dataDirectory}/postmaster.pid`))) {
    const { freeBytes } = await readDiskSpace(dataDirectory)
    return judged('target-disk', freeBytes >= neededBytes ? 'room' : 'full', { where: label, params: { freeBytes, neededBytes } })
  }
  const params = { neededBytes, databaseBytes: await readDatabaseSize(client) }
  if (dataDirectory === null) {
    const grant = `GRANT pg_read_all_settings TO ${quoteName(target.user)};`
    return judged('target-disk', 'hidden', { where: label, params, remedy: `SHOW data_directory; -- as a superuser, or after: ${grant}` })
  }
  return judged('target-disk', 'elsewhere', { where: `${label}:${dataDirectory}`, params, remedy: `df -h '${dataDirectory}'` })
}

async function readDatabaseSize(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_database_size(current_database())::text AS bytes')
  return Number(z.tuple([z.object({ bytes: z.string() })]).parse(rows)[0].bytes)
}

/** Also true of what is there and closed to us. */
async function isPresent(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'EACCES',
  )
}

/** Whether the server refuses connections because it has as many as it, the role or the database may have. */
async function refusesForNumber(target: TargetUrl, signal: AbortSignal): Promise<boolean> {
  try {
    await (await connectPostgres(target, { applicationName: 'bascule preflight', signal })).end()
    return false
  } catch (error) {
    return sqlStateOf(error) === '53300'
  }
}
