import { z } from 'zod'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import type { Report } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { absent, type Count, compareCounts } from './compare-counts'
import { pairTables, type TablePair } from './compared-tables'
import { countInGroups } from './count-target'
import { describeTarget } from './endpoints'
import { createProgress } from './progress-report'
import { withTargetSnapshot } from './read-snapshot'
import { readRepairsByChoice } from './repairs-by-choice'
import { countHere } from './source-counter'
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
  /** How the source is opened for it. Default: here, for the web process too. */
  readonly openSource?: typeof countHere
}

/**
 * Counts every table of both databases exactly, now. A table that only one side has is reported as different; one that
 * could not be counted has null and the reason. Holds the event loop for some milliseconds at a time at most, so it may
 * run in the web process.
 *
 * @throws AppError SOURCE_*, TARGET_* when one of the databases cannot be read at all, CANCELLED
 */
export async function countTables(options: CountOptions, report: Report, signal: AbortSignal): Promise<TableCounts> {
  const started = performance.now()
  throwIfAborted(signal)
  const statementTimeoutMs = options.timeoutMs ?? 120_000
  try {
    await using counter = await (options.openSource ?? countHere)(options.sourcePath, signal)
    const { endpoint: source, catalogue } = counter.opened
    return await withTargetSnapshot(options.targetUrl, { signal, statementTimeoutMs }, async (client) => {
      const readAt = new Date().toISOString()
      const schema = schemaOf(options.targetUrl)
      const pairs = pairTables(catalogue, await readPostgresCatalogue(client, schema))
      const progress = createProgress('counts', report)
      const { leftOut } = await readRepairsByChoice(client)
      const countPair = async ({ table, source: counted }: TablePair, target: Count) => {
        progress.start(table)
        const comparison = compareCounts(table, counted ? await counter.count(table) : absent('source'), target, leftOut.get(table))
        progress.finishTable(table, comparison.sourceRows ?? 0, comparison.content === 'different' ? 'failed' : 'done')
        return comparison
      }
      const tables = [...(await countInGroups(client, pairs, countPair, signal))]
      progress.finish()
      const target = await describeTarget(client, options.targetUrl)
      return { source, target, readAt, elapsedMs: performance.now() - started, tables }
    })
  } catch (error) {
    throw signal.aborted ? cancelledError(signal) : toPostgresError(error, 'target')
  }
}
