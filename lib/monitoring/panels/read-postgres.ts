import type pg from 'pg'
import { z } from 'zod'
import { judgePostgres } from '@/lib/monitoring/checks/judge-postgres'
import type { HealthReport, PostgresPanels } from '@/lib/monitoring/health-report'
import { totalsOf } from '@/lib/monitoring/shorten-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { withPostgres } from '@/lib/postgres/connect'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import { readActivity } from './read-activity'
import { readExpectedIndexes, readIndexes, readIndexGaps } from './read-indexes'
import { readPanel } from './read-panel'
import { readSequences } from './read-sequences'
import { readReplication, readServer, readSettings } from './read-server'
import { readStatements } from './read-statements'
import { readTables } from './read-tables'

/** The state of a PostgreSQL database, panel by panel on one connection. @throws AppError TARGET_* when it cannot be reached */
export function readPostgresHealth(url: string, thresholds: Thresholds, panelTimeoutMs: number): Promise<HealthReport> {
  const begun = performance.now()
  return withPostgres(url, { applicationName: 'bascule health' }, async (client) => {
    await client.query('SET default_transaction_read_only = on')
    const panels = await readPanels(client, schemaOf(url), panelTimeoutMs)
    const readAt = new Date()
    return {
      engine: 'postgresql',
      label: targetLabel(url),
      version: await readVersion(client),
      readAt: readAt.toISOString(),
      elapsedMs: Math.round(performance.now() - begun),
      checks: [...judgePostgres(panels, schemaOf(url), thresholds, readAt)],
      totals: totalsOf(panels),
      panels,
    }
  })
}

async function readPanels(client: pg.Client, schema: string, timeoutMs: number): Promise<PostgresPanels> {
  const read = <T>(panel: () => Promise<T>) => readPanel(client, timeoutMs, panel)
  // What an administrator looks at while something hangs comes first.
  const activity = await read(() => readActivity(client))
  const server = await read(() => readServer(client))
  const tables = await read(() => readTables(client, schema))
  const expectedIndexes = await read(() => readExpectedIndexes(client, schema))
  const onRecord = new Set(expectedIndexes.status === 'known' ? expectedIndexes.data.names : [])
  return {
    activity,
    server,
    tables,
    expectedIndexes,
    indexes: await read(() => readIndexes(client, schema, onRecord)),
    indexGaps: await read(() => readIndexGaps(client, schema)),
    statements: await read(() => readStatements(client)),
    sequences: await read(() => readSequences(client, schema)),
    replication: await read(() => readReplication(client)),
    settings: await read(() => readSettings(client)),
  }
}

async function readVersion(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query(`SELECT current_setting('server_version') AS version`)
  return (
    z
      .tuple([z.object({ version: z.string() })])
      .parse(rows)[0]
      .version.split(' ')[0] ?? null
  )
}
