import type pg from 'pg'
import { z } from 'zod'
import { type ErrorCode, errorCodes } from '@/lib/core/errors'
import { connectPostgres, toPostgresError } from './connect'
import { bookkeepingSchema, readMark } from './copy-mark'
import { asTargetUrl, isOnThisMachine, type TargetUrl, targetLabel } from './target-url'

export const targetChecks = ['reachable', 'version', 'tls', 'privileges', 'empty', 'encoding', 'latency'] as const

const checkSchema = z.object({
  name: z.enum(targetChecks),
  status: z.enum(['passed', 'failed', 'warning', 'unknown']),
  /** Why it did not pass; null when it did. */
  code: z.enum(errorCodes).nullable(),
  message: z.string(),
  hint: z.string().nullable(),
})

/** What a look at the target found. Nothing was changed there. */
export const targetInspectionSchema = z.object({
  /** user@host:port/database, without the password. */
  label: z.string(),
  schema: z.string(),
  /** As the server gives it: "18.1"; null when it was not reached. */
  serverVersion: z.string().nullable(),
  tls: z.boolean().nullable(),
  /** Median of five round trips, in milliseconds. */
  latencyMs: z.number().nonnegative().nullable(),
  sizeBytes: z.number().nonnegative().nullable(),
  /** Whether a migration may start; with `leftover: set-aside` only when the admin agrees to set it aside. */
  isReady: z.boolean(),
  /**
   * What of ours stands in the target: none; cleanable, from a run that ended badly; finished, a copy that waits for
   * the switch; in-use, the app runs on it; set-aside, a copy that the app was switched back from. A new migration may
   * begin over `finished` and `set-aside` only when the admin agrees that they are set aside.
   */
  leftover: z.enum(['none', 'cleanable', 'finished', 'in-use', 'set-aside']),
  leftoverJobId: z.string().nullable(),
  checks: z.array(checkSchema),
})

export type TargetCheck = z.infer<typeof checkSchema>
export type TargetInspection = z.infer<typeof targetInspectionSchema>

const minimumVersion = 130000
const maximumLatencyMs = 50

/**
 * Looks at a target without changing it. What goes wrong is part of the answer, never thrown; a check that could not
 * be made is `unknown`.
 */
export async function inspectTarget(url: TargetUrl | string, signal: AbortSignal): Promise<TargetInspection> {
  let target: TargetUrl
  try {
    target = asTargetUrl(url)
  } catch (error) {
    return unreached('', 'public', failed('reachable', toPostgresError(error, 'target URL')))
  }
  const label = targetLabel(target)
  let client: pg.Client | undefined
  try {
    client = await connectPostgres(target, { applicationName: 'bascule inspect', signal })
    return await inspect(client, target, label)
  } catch (error) {
    return unreached(label, target.schema, failed('reachable', toPostgresError(error, label)))
  } finally {
    await client?.end().catch(() => undefined)
  }
}

async function inspect(client: pg.Client, target: TargetUrl, label: string): Promise<TargetInspection> {
  const facts = factsRow.parse((await client.query(factsSql, [target.schema])).rows[0])
  const latencyMs = await measureLatency(client)
  const mark = await readMark(client)
  const leftover = mark === null ? 'none' : leftoverOf[mark.state]
  const checks: TargetCheck[] = [
    passed('reachable', `PostgreSQL ${facts.version} answers.`),
    facts.versionNumber >= minimumVersion
      ? passed('version', `PostgreSQL ${facts.version}.`)
      : problem('version', 'TARGET_VERSION_TOO_OLD', `PostgreSQL ${facts.version} is too old.`, 'Use PostgreSQL 13 or later.'),
    tlsCheck(facts.tls, target),
    privilegesCheck(facts),
    emptyCheck(facts.objects, leftover),
    facts.encoding === 'UTF8'
      ? passed('encoding', 'The database holds UTF-8.')
      : problem(
          'encoding',
          'TARGET_ENCODING_UNSUPPORTED',
          `The database holds ${facts.encoding}, which cannot keep every text.`,
          `Create the database with ENCODING 'UTF8' TEMPLATE template0.`,
        ),
    latencyMs <= maximumLatencyMs
      ? passed('latency', `A round trip takes ${latencyMs.toFixed(1)} ms.`)
      : {
          name: 'latency',
          status: 'warning',
          code: null,
          message: `A round trip takes ${latencyMs.toFixed(0)} ms.`,
          hint: 'The app will be slow at this distance; run it near its database.',
        },
  ]
  return {
    label,
    schema: target.schema,
    serverVersion: facts.version,
    tls: facts.tls,
    latencyMs,
    sizeBytes: facts.sizeBytes,
    isReady: checks.every((check) => check.status !== 'failed'),
    leftover,
    leftoverJobId: mark?.jobId ?? null,
    checks,
  }
}

const factsRow = z.object({
  version: z.string(),
  versionNumber: z.number(),
  encoding: z.string(),
  tls: z.boolean(),
  sizeBytes: z.coerce.number().nullable(),
  canCreateSchema: z.boolean(),
  schemaExists: z.boolean(),
  canCreateInSchema: z.boolean(),
  canUseBookkeeping: z.boolean(),
  readOnly: z.boolean(),
  objects: z.array(z.string()),
})

/** Objects that belong to an extension do not count: hosts put them there. */
const factsSql = `
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS "versionNumber",
  (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()) AS encoding,
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
  pg_database_size(current_database())::text AS "sizeBytes",
  has_database_privilege(current_database(), 'CREATE') AS "canCreateSchema",
  to_regnamespace(quote_ident($1)) IS NOT NULL AS "schemaExists",
  -- One by one: of several rights in one call any is enough.
  coalesce(has_schema_privilege(to_regnamespace(quote_ident($1)), 'CREATE') AND has_schema_privilege(to_regnamespace(quote_ident($1)), 'USAGE'), false)
    AS "canCreateInSchema",
  coalesce(pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = '${bookkeepingSchema}'), 'USAGE'), true) AS "canUseBookkeeping",
  pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS "readOnly",
  ARRAY(
    SELECT x.name FROM (
      SELECT c.relname::text AS name, c.oid, 'pg_class'::regclass AS class FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL SELECT t.typname::text, t.oid, 'pg_type'::regclass FROM pg_type t
        WHERE t.typnamespace = to_regnamespace(quote_ident($1))::oid AND t.typtype IN ('e', 'd')
      UNION ALL SELECT p.proname::text, p.oid, 'pg_proc'::regclass FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident($1))::oid
    ) x
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = x.oid AND d.classid = x.class AND d.deptype = 'e')
    ORDER BY x.name LIMIT 20
  ) AS objects`

const leftoverOf = {
  copying: 'cleanable',
  copied: 'finished',
  switched: 'in-use',
  'rolled-back': 'set-aside',
  abandoned: 'set-aside',
  finished: 'in-use',
} as const

function tlsCheck(tls: boolean, target: TargetUrl): TargetCheck {
  if (tls) return passed('tls', 'The connection is encrypted.')
  if (isOnThisMachine(target)) return passed('tls', 'Not encrypted; the server is on this machine.')
  return {
    name: 'tls',
    status: 'warning',
    code: null,
    message: 'The connection is not encrypted.',
    hint: 'Turn on TLS on the server and put sslmode=require in the URL, unless the network is your own.',
  }
}

function privilegesCheck(facts: z.infer<typeof factsRow>): TargetCheck {
  if (facts.readOnly)
    return problem(
      'privileges',
      'TARGET_NOT_PRIVILEGED',
      'The database is read-only (a standby server?).',
      'Give the URL of the primary server.',
    )
  const missing = [
    ...(facts.canCreateSchema ? [] : ['CREATE on the database']),
    ...(facts.schemaExists && !facts.canCreateInSchema ? ['CREATE and USAGE on the schema'] : []),
    ...(facts.canUseBookkeeping ? [] : [`ownership of the schema ${bookkeepingSchema}`]),
  ]
  if (missing.length === 0) return passed('privileges', 'The user may create everything that is needed.')
  return problem(
    'privileges',
    'TARGET_NOT_PRIVILEGED',
    `The user lacks: ${missing.join('; ')}.`,
    'Make the user the owner of the database: ALTER DATABASE … OWNER TO ….',
  )
}

function emptyCheck(objects: readonly string[], leftover: TargetInspection['leftover']): TargetCheck {
  const emptyHint = 'Use a new, empty database (CREATE DATABASE …), or another ?schema= in the URL.'
  if (leftover === 'in-use') return problem('empty', 'TARGET_NOT_EMPTY', 'The app runs on this database already.', 'Use another database.')
  if (leftover === 'finished') {
    return {
      name: 'empty',
      status: 'warning',
      code: 'TARGET_NOT_EMPTY',
      message: 'A finished copy of an earlier run stands here.',
      hint: 'Switch to it or discard it; or choose to set it aside: its tables move to a schema of their own.',
    }
  }
  if (leftover === 'set-aside')
    return {
      name: 'empty',
      status: 'warning',
      code: null,
      message: 'An earlier copy stands here, from which the app was switched back.',
      hint: 'Choose to set it aside: its tables move to a schema of their own and nothing is deleted.',
    }
  if (leftover === 'cleanable')
    return {
      name: 'empty',
      status: 'warning',
      code: null,
      message: 'An unfinished copy of an earlier run stands here.',
      hint: 'It is removed when the migration starts.',
    }
  if (objects.length === 0) return passed('empty', 'The schema is empty.')
  const names = objects.slice(0, 5).join(', ')
  return problem(
    'empty',
    'TARGET_NOT_EMPTY',
    `The schema is not empty: it holds ${names}${objects.length > 5 ? ' and more' : ''}.`,
    emptyHint,
  )
}

async function measureLatency(client: pg.Client): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now()
    await client.query('SELECT 1')
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[2] ?? 0
}

function unreached(label: string, schema: string, first: TargetCheck): TargetInspection {
  const rest = targetChecks
    .filter((name) => name !== 'reachable')
    .map((name): TargetCheck => ({ name, status: 'unknown', code: null, message: 'Not checked: the server was not reached.', hint: null }))
  return {
    label,
    schema,
    serverVersion: null,
    tls: null,
    latencyMs: null,
    sizeBytes: null,
    isReady: false,
    leftover: 'none',
    leftoverJobId: null,
    checks: [first, ...rest],
  }
}

function passed(name: TargetCheck['name'], message: string): TargetCheck {
  return { name, status: 'passed', code: null, message, hint: null }
}

function problem(name: TargetCheck['name'], code: ErrorCode, message: string, hint: string): TargetCheck {
  return { name, status: 'failed', code, message, hint }
}

function failed(
  name: TargetCheck['name'],
  error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined },
): TargetCheck {
  return { name, status: 'failed', code: error.code, message: error.message, hint: error.hint ?? null }
}
