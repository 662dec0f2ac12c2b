import { setImmediate } from 'node:timers/promises'
import type pg from 'pg'
import { z } from 'zod'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import type { PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { countRows } from '@/lib/sqlite/count-rows'
import { type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { pairTables, type TablePair } from './compared-tables'
import { describeSource, describeTarget } from './endpoints'
import { createProgress, type VerificationProgress } from './progress-report'
import { openSourceSnapshot, withTargetSnapshot } from './read-snapshot'
import { readRepairsByChoice } from './repairs-by-choice'
import { endpointSchema, type TableComparison, tableComparisonSchema } from './verification-result'

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
      const tables: TableComparison[] = []
      for (const pair of pairs) tables.push(await countPair(pair, leftOut.get(pair.table), db, client, progress, signal))
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

async function countPair(
  pair: TablePair,
  leftOut: number | undefined,
  db: SqliteDatabase,
  client: pg.Client,
  progress: VerificationProgress,
  signal: AbortSignal,
): Promise<TableComparison> {
  progress.start(pair.table)
  const [source, target] = await Promise.all([
    pair.source === null ? absent('source') : countSource(db, pair.source, signal),
    pair.target === null ? absent('target') : countTarget(client, pair.target),
  ])
  throwIfAborted(signal)
  const comparison = compareCounts(pair.table, source, target, leftOut)
  progress.finishTable(pair.table, comparison.sourceRows ?? 0, comparison.content === 'different' ? 'failed' : 'done')
  return comparison
}

/** A count, or why there is none. */
export type Count =
  | { readonly rows: number; readonly reason: null }
  | { readonly rows: null; readonly reason: string; readonly missing: boolean }

/** What two counts say about a table whose rows were not compared. `leftOut`: rows left out by choice. */
export function compareCounts(table: string, source: Count, target: Count, leftOut?: number): TableComparison {
  const missing = (source.rows === null && source.missing) || (target.rows === null && target.missing)
  const counted = source.rows !== null && target.rows !== null
  const expected = source.rows === null ? null : source.rows - (leftOut ?? 0)
  // A table that only the model has, and that holds nothing, takes nothing away and adds nothing.
  const isEmptyExtra = source.rows === null && source.missing && target.rows === 0
  const differs = (missing && !isEmptyExtra) || (counted && expected !== target.rows)
  const reasons = [source.reason, target.reason].filter((reason) => reason !== null)
  return {
    table,
    sourceRows: source.rows,
    targetRows: target.rows,
    ...(leftOut === undefined ? {} : { leftOut }),
    content: differs ? 'different' : isEmptyExtra ? 'identical' : 'unknown',
    differences: [],
    differencesTotal: counted
      ? Math.abs(source.rows - (leftOut ?? 0) - target.rows)
      : differs
        ? Math.max(1, source.rows ?? 0, target.rows ?? 0)
        : 0,
    reason: isEmptyExtra
      ? 'Only the target has this table, and it is empty.'
      : reasons.length > 0
        ? reasons.join(' ')
        : differs
          ? null
          : 'Only the rows were counted; their content was not compared.',
  }
}

/** The count of a table that is not there. */
export function absent(side: 'source' | 'target'): Count {
  return { rows: null, reason: `The ${side} has no table of this name.`, missing: true }
}

async function countSource(db: SqliteDatabase, table: SqliteTable, signal: AbortSignal): Promise<Count> {
  try {
    const counting = countRows(db, table)
    for (let step = counting.next(); ; step = counting.next()) {
      if (step.done) return { rows: step.value, reason: null }
      await setImmediate()
      throwIfAborted(signal)
    }
  } catch (error) {
    throwIfAborted(signal)
    return unknownCount('source', toSqliteError(error, db.name))
  }
}

/** Counts a table of the target inside the snapshot, which survives when the count fails. */
export async function countTarget(client: pg.Client, table: PostgresTable): Promise<Count> {
  await client.query('SAVEPOINT count_table')
  try {
    const { rows } = await client.query(`SELECT count(*)::text AS rows FROM ${qualifiedName(table.schema, table.name)}`)
    return { rows: Number(z.tuple([z.object({ rows: z.string() })]).parse(rows)[0].rows), reason: null }
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT count_table')
    return unknownCount('target', toPostgresError(error, table.name))
  }
}

function unknownCount(side: 'source' | 'target', error: unknown): Count {
  return { rows: null, reason: `The ${side} could not be counted: ${reportError(error).message}`, missing: false }
}
