import type { HealthCheck, HealthItem, PostgresPanels, Session } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { found, item, judged, listed, passed } from './check'
import { rootBlockers } from './lock-chains'

/** Who holds up whom, who sits in a transaction, what runs for long, how many connections are left. */
export function judgeSessions({ activity, server }: PostgresPanels, thresholds: Thresholds): readonly HealthCheck[] {
  const blocked = judged('blocked-sessions', activity, ({ sessions }) =>
    listed(
      'blocked-sessions',
      rootBlockers(sessions)
        .filter(({ longestWaitMs }) => longestWaitMs >= thresholds.blockedMs)
        .map(({ root, blocked: waiting, longestWaitMs }) =>
          root === null
            ? item('?', 'warning', {
                wording: 'prepared',
                params: { waiting, waitMs: longestWaitMs },
                sql: 'SELECT gid, prepared, owner FROM pg_prepared_xacts;',
              })
            : ofSession(root, 'warning', { waiting, waitMs: longestWaitMs }, thresholds),
        ),
    ),
  )
  const idle = judged('idle-in-transaction', activity, ({ sessions }) =>
    listed(
      'idle-in-transaction',
      sessions
        .filter(({ state, stateMs }) => (state ?? '').startsWith('idle in transaction') && (stateMs ?? 0) >= thresholds.idleInTransactionMs)
        .map((session) => ofSession(session, 'warning', { idleMs: session.stateMs ?? 0 }, thresholds)),
    ),
  )
  const long = judged('long-statements', activity, ({ sessions }) =>
    listed(
      'long-statements',
      sessions
        .filter(({ statementMs, owner }) => owner !== 'bascule' && (statementMs ?? 0) >= thresholds.longStatementMs)
        .map((session) => ofSession(session, 'info', { runMs: session.statementMs ?? 0 }, thresholds)),
    ),
  )
  const connections = judged('connections-near-limit', activity, ({ used, limit, reserved }) => {
    const free = Math.max(1, limit - reserved)
    const params = { used, limit: free }
    if (used / free < thresholds.connectionsWarning) return passed('connections-near-limit', params)
    const level = used / free >= thresholds.connectionsCritical ? 'critical' : 'warning'
    return found('connections-near-limit', level, params, {
      sql: `ALTER SYSTEM SET max_connections = ${limit * 2};  -- then restart PostgreSQL`,
    })
  })
  const limited = judged('limited-role', server, ({ seesAll, role }) =>
    seesAll ? passed('limited-role', { role }) : found('limited-role', 'info', { role }, { sql: `GRANT pg_monitor TO ${quoted(role)};` }),
  )
  return [blocked, idle, long, connections, limited]
}

function ofSession(session: Session, level: HealthItem['level'], params: Record<string, number>, thresholds: Thresholds): HealthItem {
  const isGrave = Object.values(params).some((figure) => figure >= thresholds.idleInTransactionMs * 12)
  const who = session.application === '' ? (session.user ?? '?') : session.application
  return item(`${session.pid}`, level === 'warning' && isGrave ? 'critical' : level, {
    params: { ...params, who, statement: (session.statement ?? '').slice(0, 300) },
    sql: `SELECT pg_terminate_backend(${session.pid});`,
    action:
      session.startedAt === ''
        ? null
        : {
            kind: 'session',
            pid: session.pid,
            startedAt: session.startedAt,
            isActive: session.state === 'active',
            isOurs: session.owner === 'bascule',
          },
  })
}

function quoted(role: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`
}
