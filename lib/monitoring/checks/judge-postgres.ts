import type { HealthCheck, PostgresPanels } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { byWeight } from './check'
import { judgeIndexes } from './judge-indexes'
import { judgeServer } from './judge-server'
import { judgeSessions } from './judge-sessions'
import { judgeTables } from './judge-tables'

/** What is to be thought of a PostgreSQL database's figures, worst first. Pure. */
export function judgePostgres(panels: PostgresPanels, schema: string, thresholds: Thresholds, now: Date): readonly HealthCheck[] {
  return byWeight([
    ...judgeSessions(panels, thresholds),
    ...judgeServer(panels, schema, thresholds),
    ...judgeIndexes(panels, schema, thresholds, now),
    ...judgeTables(panels, schema, thresholds),
  ])
}
