import { withPostgres } from '@/lib/postgres/connect'
import type { Activity, Panel } from './health-report'
import { readActivity } from './panels/read-activity'
import { readPanel } from './panels/read-panel'

const timeoutMs = 3_000

/** The sessions of the active PostgreSQL alone. @throws AppError TARGET_* when it cannot be reached */
export function readPostgresActivity(url: string): Promise<Panel<Activity>> {
  return withPostgres(url, { applicationName: 'bascule health' }, (client) => readPanel(client, timeoutMs, () => readActivity(client)))
}
