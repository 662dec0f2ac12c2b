import type pg from 'pg'
import { z } from 'zod'
import { cancelledError } from '@/lib/core/abort'
import type { MaintenanceItem, MaintenanceRequest } from '@/lib/core/maintenance-operations'
import type { Report } from '@/lib/core/progress'
import { readExpectedIndexes, readIndexes, readIndexGaps } from '@/lib/monitoring/panels/read-indexes'
import { readSequences } from '@/lib/monitoring/panels/read-sequences'
import { readTables } from '@/lib/monitoring/panels/read-tables'
import { sqlStateOf, toPostgresError, withPostgres } from '@/lib/postgres/connect'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import type { MaintenanceOutcome } from './outcome'
import { type MaintenanceCatalogue, type PlannedStatement, planStatements } from './plan-statements'
import { watchProgress } from './watch-progress'

/** How long a statement waits for a table that somebody has locked; the next one may be free. */
const lockTimeoutMs = 30_000

/** One statement after another on one connection, with a second one that looks how far it is and cancels it. */
export function maintainPostgres(
  url: string,
  request: MaintenanceRequest,
  report: Report,
  signal: AbortSignal,
): Promise<MaintenanceOutcome> {
  return withPostgres(url, { applicationName: 'bascule maintenance' }, async (client) => {
    const plan = planStatements(request, await readCatalogue(client, schemaOf(url)))
    await client.query(`SET lock_timeout = ${lockTimeoutMs}`)
    return withPostgres(url, { applicationName: 'bascule maintenance watch' }, async (watcher) => {
      const pid = await pidOf(client)
      const cancel = () => void watcher.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined)
      signal.addEventListener('abort', cancel, { once: true })
      const watch = watchProgress(watcher, pid, plan, report)
      const sizeBeforeBytes = await sizeOf(client)
      const items: MaintenanceItem[] = []
      let failure: unknown = null
      try {
        for (const statement of plan) {
          if (signal.aborted) break
          watch.begin(statement.target)
          const ran = await runStatement(client, statement, signal)
          if (ran === null) break
          const { error, ...item } = ran
          failure ??= error
          items.push(item)
          watch.end(item)
          if (item.message !== null)
            report({ type: 'log', level: item.outcome === 'failed' ? 'error' : 'warn', message: `${item.target}: ${item.message}` })
        }
      } finally {
        signal.removeEventListener('abort', cancel)
        await watch.stop()
      }
      const { operation } = request
      const result = {
        operation,
        engine: 'postgresql' as const,
        items,
        sizeBeforeBytes,
        sizeAfterBytes: await sizeOf(client),
        problems: [],
      }
      return { result, error: signal.aborted ? cancelledError(signal) : failure && toPostgresError(failure, targetLabel(url)) }
    })
  }).catch((error: unknown) => {
    throw toPostgresError(error, targetLabel(url))
  })
}

async function readCatalogue(client: pg.Client, schema: string): Promise<MaintenanceCatalogue> {
  const expected = await readExpectedIndexes(client, schema).catch(() => ({ missing: [], names: [] }))
  return {
    schema,
    tables: (await readTables(client, schema)).map(({ table }) => table),
    indexes: await readIndexes(client, schema, new Set(expected.names)),
    foreignKeys: (await readIndexGaps(client, schema)).foreignKeys,
    missing: expected.missing,
    sequences: await readSequences(client, schema),
  }
}

/** Null when it was cancelled. PostgreSQL says with a mere warning that it left a table out for want of a right. */
async function runStatement(
  client: pg.Client,
  { target, sql }: PlannedStatement,
  signal: AbortSignal,
): Promise<(MaintenanceItem & { error: unknown }) | null> {
  const begun = performance.now()
  const warnings: string[] = []
  const onNotice = (notice: { readonly severity?: string | undefined; readonly message?: string | undefined }) => {
    if (notice.severity === 'WARNING' && notice.message) warnings.push(notice.message)
  }
  client.on('notice', onNotice)
  const elapsedMs = () => Math.round(performance.now() - begun)
  try {
    // The extended protocol takes one statement and no more. Not in a transaction: VACUUM and CONCURRENTLY refuse one.
    const query: pg.QueryConfig & { readonly queryMode: 'extended' } = { text: sql, queryMode: 'extended' }
    await client.query(query)
    return {
      target,
      outcome: warnings.length > 0 ? 'skipped' : 'done',
      elapsedMs: elapsedMs(),
      message: warnings.join(' ') || null,
      error: null,
    }
  } catch (error) {
    if (signal.aborted && sqlStateOf(error) === '57014') return null
    // Without a SQLSTATE the connection is gone, and nothing more can be done on it.
    if (sqlStateOf(error) === null || sqlStateOf(error)?.startsWith('57P')) throw error
    return { target, outcome: 'failed', elapsedMs: elapsedMs(), message: error instanceof Error ? error.message : String(error), error }
  } finally {
    client.off('notice', onNotice)
  }
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  return z.tuple([z.object({ pid: z.number() })]).parse(rows)[0].pid
}

async function sizeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_database_size(current_database())::float8 AS size')
  return z.tuple([z.object({ size: z.number() })]).parse(rows)[0].size
}
