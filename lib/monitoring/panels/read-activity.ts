import type pg from 'pg'
import { z } from 'zod'
import type { Activity, Session } from '@/lib/monitoring/health-report'
import { maskStatement } from './mask-statement'

const shownSessions = 200

const row = z.object({
  pid: z.number(),
  startedAt: z.string().nullable(),
  user: z.string().nullable(),
  application: z.string().nullable(),
  address: z.string().nullable(),
  state: z.string().nullable(),
  stateMs: z.number().nullable(),
  transactionMs: z.number().nullable(),
  statementMs: z.number().nullable(),
  waitsFor: z.string().nullable(),
  blockedBy: z.array(z.number()),
  statement: z.string().nullable(),
})

// From a role with few rights even the type of a session is hidden: background processes are then told by having no database.
// pg_blocking_pids stops all lock traffic for a moment: asked only for those that wait for a lock, or whose state is hidden.
const sessionsSql = `
SELECT a.pid, a.backend_start::text AS "startedAt", a.usename::text AS "user", a.application_name AS application, host(a.client_addr) AS address,
  a.state, extract(epoch FROM clock_timestamp() - a.state_change)::float8 * 1000 AS "stateMs",
  extract(epoch FROM clock_timestamp() - a.xact_start)::float8 * 1000 AS "transactionMs",
  CASE WHEN a.state = 'active' THEN extract(epoch FROM clock_timestamp() - a.query_start)::float8 * 1000 END AS "statementMs",
  CASE WHEN a.state = 'active' AND a.wait_event_type IS NOT NULL THEN a.wait_event_type || ': ' || a.wait_event END AS "waitsFor",
  CASE WHEN a.wait_event_type = 'Lock' OR a.state IS NULL THEN pg_blocking_pids(a.pid) ELSE '{}' END AS "blockedBy",
  CASE WHEN a.query = '<insufficient privilege>' THEN NULL ELSE a.query END AS statement
FROM pg_stat_activity a
WHERE a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend' AND a.pid <> pg_backend_pid()
ORDER BY cardinality(CASE WHEN a.wait_event_type = 'Lock' THEN ARRAY[1] ELSE '{}' END) DESC, a.state = 'active' DESC, a.xact_start NULLS LAST, a.state_change DESC NULLS LAST`

const statesSql = `
SELECT coalesce(a.state, 'hidden') AS state, count(*)::int AS count FROM pg_stat_activity a
WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.datid IS NOT NULL AND a.pid <> pg_backend_pid() GROUP BY 1 ORDER BY 2 DESC, 1`

const limitsSql = `
SELECT current_setting('max_connections')::int AS limit,
  coalesce(current_setting('superuser_reserved_connections', true)::int, 0) + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved`

/** Who is connected, what they do, and who waits for whom. Our own connection is left out. */
export async function readActivity(client: pg.Client): Promise<Activity> {
  const all = z.array(row).parse((await client.query(sessionsSql)).rows)
  const byState = z.array(z.object({ state: z.string(), count: z.number() })).parse((await client.query(statesSql)).rows)
  const [limits] = z.array(z.object({ limit: z.number(), reserved: z.number() })).parse((await client.query(limitsSql)).rows)
  return {
    sessions: all.slice(0, shownSessions).map(toSession),
    hidden: Math.max(0, all.length - shownSessions),
    byState,
    used: byState.reduce((sum, { count }) => sum + count, 0),
    limit: limits?.limit ?? 0,
    reserved: limits?.reserved ?? 0,
  }
}

function toSession({ startedAt, application, statement, blockedBy, ...session }: z.infer<typeof row>): Session {
  const name = application ?? ''
  return {
    ...session,
    stateMs: atLeastZero(session.stateMs),
    transactionMs: atLeastZero(session.transactionMs),
    statementMs: atLeastZero(session.statementMs),
    startedAt: startedAt ?? '',
    application: name,
    // A session that several processes of one parallel query wait for is named once.
    blockedBy: [...new Set(blockedBy)],
    statement: statement === null ? null : maskStatement(statement),
    owner: name.startsWith('bascule') ? 'bascule' : name === 'cvsite' ? 'app' : 'other',
  }
}

function atLeastZero(ms: number | null): number | null {
  return ms === null ? null : Math.max(0, ms)
}
