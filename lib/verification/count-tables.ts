import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import type { SqliteTable } from '@/lib/core/catalogue'
import type { Report } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { countRows } from '@/lib/sqlite/count-rows'
import { type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { absent, type Count, compareCounts, uncounted } from './compare-counts'
import { pairTables, type TablePair } from './compared-tables'
import { countInGroups } from './count-target'
import { describeSource, describeTarget } from './endpoints'
import { createProgress } from './progress-report'
import { withTargetSnapshot } from './read-snapshot'
import { readRepairsByChoice } from './repairs-by-choice'
import { openSourceSnapshot } from './source-snapshot'
import { endpointSchema, tableComparisonSchema } from './verification-result'

/** The counts of both sides, each read in one snapshot. */
export const tableCountsSchema = z.object({
  source: endpointSchema,
  target: endpointSchema,
  /** When both snapshots were open. */
  readAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  /** `content` is `different` where the counts differ and otherwise `unknown`: no row was compared. */
  tables: z.array(tableComparisonSchema),
})
export type TableCounts = z.infer<typeof tableCountsSchema>

export interface CountOptions {
  /** Path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: string
  /** How long one count may take on the server; a table beyond it is unknown. Default: 120,000. */
  readonly timeoutMs?: number
}

/**
 * Counts every table of both databases exactly, now. A table that only one side has is reported as different; one that
 * could not be counted has null and the reason. Holds the event loop for some milliseconds at a time, so it may run
 * in the web process.
 *
 * @throws AppError SOURCE_*, TARGET_* when one of the databases cannot be read at all, CANCELLED
 */
export async function countTables(options: CountOptions, report: Report, signal: AbortSignal): Promise<TableCounts> {
  const started = performance.now()
  throwIfAborted(signal)
  const statementTimeoutMs = options.timeoutMs ?? 120_000
  const db = openSourceSnapshot(options.sourcePath)
  try {
    return await withTargetSnapshot(options.targetUrl, { signal, statementTimeoutMs }, async (client) => {
      const readAt = new Date().toISOString()
      const schema = schemaOf(options.targetUrl)
      const pairs = pairTables(readSqliteCatalogue(db), await readPostgresCatalogue(client, schema))
      const progress = createProgress('counts', report)
      const { leftOut } = await readRepairsByChoice(client)
      const countPair = async ({ table, source }: TablePair, target: Count) => {
        progress.start(table)
        const comparison = compareCounts(
          table,
          source ? await countSource(db, source, signal) : absent('source'),
          target,
          leftOut.get(table),
        )
        progress.finishTable(table, comparison.sourceRows ?? 0, comparison.content === 'different' ? 'failed' : 'done')
        return comparison
      }
      const tables = [...(await countInGroups(client, pairs, countPair, signal))]
      progress.finish()
      const source = describeSource(db)
      const target = await describeTarget(client, options.targetUrl)
      return { source, target, readAt, elapsedMs: performance.now() - started, tables }
    })
  } catch (error) {
    throw signal.aborted ? cancelledError(signal) : toPostgresError(error, 'target')
  } finally {
    db.close()
  }
}

async function countSource(db: SqliteDatabase, table: SqliteTable, signal: AbortSignal): Promise<Count> {
  try {
    const counting = countRows(db, table)
    for (let step = counting.next(); ; step = counting.next()) {
      if (step.done) return { rows: step.value }
      await setImmediate()
      throwIfAborted(signal)
    }
  } catch (error) {
    throwIfAborted(signal)
    return uncounted('source', toSqliteError(error, db.name))
  }
}
