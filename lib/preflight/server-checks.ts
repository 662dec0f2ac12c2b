import type { PgDump } from '@/lib/postgres/find-pg-dump'
import type { ServerFacts } from '@/lib/postgres/server-facts'
import { judged } from './ask'
import type { PreflightCheck } from './preflight-result'
import { thresholds } from './thresholds'

/** Whether this machine and the server agree on the time, as far as the round trip lets us tell. */
export function judgeClock({
  clockOffsetMs,
  clockUncertaintyMs,
}: Pick<ServerFacts, 'clockOffsetMs' | 'clockUncertaintyMs'>): PreflightCheck {
  const params = {
    differenceMs: Math.abs(clockOffsetMs),
    direction: clockOffsetMs < 0 ? 'behind' : 'ahead',
    uncertaintyMs: clockUncertaintyMs,
  }
  const isApart = Math.abs(clockOffsetMs) - clockUncertaintyMs > thresholds.clockDifferenceMs
  return isApart
    ? judged('server-clock', 'apart', { params, remedy: 'timedatectl set-ntp true' })
    : judged('server-clock', 'together', { params })
}

/** pg_dump refuses a server of a newer major than its own. */
export function judgePgDump(dump: PgDump | null, server: Pick<ServerFacts, 'versionNumber' | 'version'>): PreflightCheck {
  const major = Math.floor(server.versionNumber / 10_000)
  const params = { version: dump?.version ?? '', serverVersion: server.version, major }
  const remedy = `apt-get install postgresql-client-${major}`
  if (dump === null) return judged('server-pg-dump', 'missing', { params, remedy })
  if (dump.major < major) return judged('server-pg-dump', 'too-old', { where: dump.path, params, remedy })
  return judged('server-pg-dump', 'found', { where: dump.path, params })
}

/** @param version as `process.versions.node` has it */
export function judgeNode(version: string): PreflightCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor, wantedMinor] = thresholds.minimumNode
  const isSupported = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  return judged('server-node', isSupported ? 'supported' : 'too-old', { params: { version, needed: `${wantedMajor}.${wantedMinor}` } })
}

/** @param state as the control store has it; `busy` names the operation that holds the lease */
export function judgeState(state: { readonly status: string; readonly busy: string | null }): PreflightCheck {
  if (state.status === 'on-sqlite' && state.busy === null) return judged('server-state', 'idle')
  return judged('server-state', 'busy', { params: { state: state.status, by: state.busy ?? '' } })
}
