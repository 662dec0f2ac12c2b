import { throwIfAborted } from '@/lib/core/abort'
import { AppError, type ErrorReport, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { asTargetUrl } from '@/lib/postgres/target-url'
import { disarmChangeLog } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'
import { beginRun } from './begin-run'
import { undoMigration } from './discard-copy'
import { fillTarget } from './fill-target'
import type { MigrateOptions } from './migrate-options'
import type { MigrationResult } from './migration-result'
import { applicationNameOf, type MigrationRun, resultOf, startRun } from './migration-run'
import { removeRepairedCopy } from './repairs/repaired-copy'
import { removeRecord } from './resume-record'
import { createTaskPool } from './threads/task-pool'

export type { MigrateOptions } from './migrate-options'

/**
 * Moves an SQLite database to an empty PostgreSQL one: checks, safety copy, schema, copy, structure, sequences, counts. A
 * live one goes on from the sequences with catching up and a comparison of every row, while the app writes.
 *
 * When an earlier run of the same job was killed, it goes on from the last committed chunk, provided that source, target,
 * model, version and options are still the same; where they are not, it says so and begins anew. When PostgreSQL goes
 * away meanwhile it is waited for.
 *
 * Never throws for an expected failure: the answer has status `failed`, the error and what was found, and then the target
 * is as it was found, fence and change log are down and the safety copy is removed. The same when `signal` fires, within a second.
 * When the process itself is killed, run it again, or `discardCopy` or `recoverDatabases` undo it later.
 */
export async function migrateDatabase(options: MigrateOptions, report: Report, signal: AbortSignal): Promise<MigrationResult> {
  const run = startRun(report, options.live ?? false)
  const ended = new AbortController()
  // Ends what still runs beside the step that failed.
  const running = AbortSignal.any([signal, ended.signal])
  let error: ErrorReport | undefined
  try {
    await runPhases(options, run, running)
  } catch (cause) {
    error = reportError(signal.aborted ? cancelled() : cause)
  } finally {
    ended.abort()
    // The server frees the target's lock with the connection; then the undoing below can take it.
    await Promise.all([run.session?.close(), run.pool?.close(), run.freshRecord?.stop()])
  }
  if (error && run.touched) error = await undo(options, run, error, report)
  if (!error && !options.dryRun) {
    await removeRecord(options.workDir, options.jobId)
    await removeRepairedCopy(options.workDir, options.jobId)
    if (options.live && run.safetyCopy !== undefined) takeOutLog(run.safetyCopy)
  }
  return resultOf(options, run, error)
}

async function runPhases(options: MigrateOptions, run: MigrationRun, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  const pool = await createTaskPool({ size: options.lanes ?? 2, sourcePath: options.sourcePath }, signal)
  run.pool = pool
  const record = await beginRun(options, run, pool, signal)
  if (record === null || run.session === undefined) return
  await fillTarget(
    {
      target: asTargetUrl(options.targetUrl),
      targetUrl: options.targetUrl,
      applicationName: applicationNameOf(options.jobId),
      model: options.model,
      record,
      ...(run.evidence === undefined ? {} : { evidence: run.evidence }),
      // The snapshot is what was copied; the source itself may go on changing when it is not fenced.
      countedPath: options.fenceSource ? options.sourcePath : record.plan.safetyCopy.path,
      lanes: options.lanes ?? 2,
      live: options.live ? { sourcePath: options.sourcePath, workDir: options.workDir } : null,
      ...(options.chunkRows === undefined ? {} : { chunkRows: options.chunkRows }),
    },
    { session: run.session, pool, phases: run.phases, report: run.report, signal, filled: run.filled },
  )
}

/** Whoever takes the safety copy for the app's file has nobody who follows it. */
function takeOutLog(safetyCopy: string): void {
  const db = openSqlite(safetyCopy)
  try {
    disarmChangeLog(db)
  } finally {
    db.close()
  }
}

function cancelled(): AppError {
  return new AppError({
    code: 'CANCELLED',
    message: 'The migration was cancelled.',
    hint: 'Nothing of it is left; start again at any time.',
  })
}

async function undo(options: MigrateOptions, run: MigrationRun, error: ErrorReport, report: Report): Promise<ErrorReport> {
  // A server that is known to be away is not waited for once more.
  const problem = await undoMigration({ ...options, patienceMs: run.session?.isAway ? 500 : 15_000 }, report)
  if (!problem) return error
  run.leftover = problem.message
  report({ type: 'log', level: 'error', message: `Not everything could be put back: ${problem.message}` })
  return {
    ...error,
    hint: `${error.hint ?? ''} Not everything could be put back (${problem.message}); it is done when the next job starts, or with Discard.`.trim(),
  }
}
