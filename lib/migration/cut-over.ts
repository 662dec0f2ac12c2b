import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { armChangeLog } from '@/lib/postgres/change-log'
import { connectPostgres, toPostgresError } from '@/lib/postgres/connect'
import { changeMark, readMark } from '@/lib/postgres/copy-mark'
import { lockTarget } from '@/lib/postgres/target-lock'
import { targetLabel } from '@/lib/postgres/target-url'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { raiseFence, readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { countBeside } from '@/lib/verification/count-beside'
import { countTables } from '@/lib/verification/count-tables'
import { inTransaction } from './apply-schema'
import { fenceReasons } from './fence-reasons'
import { requireEqualCounts } from './require-equal-counts'

/** Shown in pg_stat_activity; a session that its process has left behind is found by it. */
export const cutOverSession = 'bascule cut-over'

export interface CutOverOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** Job that made the copy: its mark stands in the target. */
  readonly jobId: string
}

/**
 * Switches the app to the finished copy.
 *
 *   fence up, counts equal ─> one PostgreSQL transaction: change log armed, cut-over record ─> fence says "moved" ─> flip
 *
 * The record alone decides. Before it is committed a crash or failure changes nothing; after it PostgreSQL is the
 * authority, and `recoverDatabases` finishes what is missing. The signal is heeded until the record.
 *
 * @param flip records that the app uses PostgreSQL; called once, after the record
 * @throws AppError STATE_CONFLICT, COUNTS_DIFFER, TARGET_*, SOURCE_*, CANCELLED, and whatever `flip` throws
 */
export async function cutOver(options: CutOverOptions, flip: () => Promise<void>, report: Report, signal: AbortSignal): Promise<void> {
  const { sourcePath, targetUrl, jobId } = options
  const client = await connectPostgres(targetUrl, { applicationName: cutOverSession })
  try {
    await lockTarget(client)
    requireFence(sourcePath)
    const mark = await readMark(client)
    if (mark?.state !== 'copied' || mark.jobId !== jobId) throw notReady('There is no finished copy of this migration in the target.')
    const counts = await countTables({ sourcePath, targetUrl, openSource: countBeside }, report, signal)
    requireEqualCounts(counts.tables)
    throwIfAborted(signal)
    await inTransaction(client, async () => {
      const catalogue = await readPostgresCatalogue(client, mark.targetSchema)
      await armChangeLog(client, catalogue, new Set([schemaMigrationsTable]))
      await changeMark(client, jobId, ['copied'], 'switched')
      // The one commit that must survive a crash of the server: our sessions leave it at the server's setting otherwise.
      await client.query('SET LOCAL synchronous_commit = on')
    })
    report({ type: 'log', level: 'info', message: 'The cut-over is recorded in PostgreSQL.' })
    setFenceStage(sourcePath, 'moved')
    await flip()
  } catch (error) {
    throw toPostgresError(error, targetLabel(targetUrl))
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Renews the fence with the words of a stage. */
export function setFenceStage(sourcePath: string, stage: 'moving' | 'moved' | 'returning'): void {
  const db = openSqlite(sourcePath)
  try {
    raiseFence(db, fenceReasons[stage], stage)
  } finally {
    db.close()
  }
}

/** Without the fence somebody may have written to the source since it was copied. */
function requireFence(sourcePath: string): void {
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    if (!readFence(db)?.awake) throw notReady('The SQLite file took writes since it was copied.')
  } finally {
    db.close()
  }
}

function notReady(message: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to PostgreSQL',
    message,
    hint: 'Discard the copy and migrate again.',
  })
}
