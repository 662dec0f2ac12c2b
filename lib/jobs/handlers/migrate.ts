import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { chooseSwitchOnce } from '@/lib/control/switch-plan'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import type { MigrationResult } from '@/lib/migration/migration-result'
import { toErrorReport } from './failed-result'
import { type HandlerDependencies, modelOf, requireSqlitePath } from './handler-dependencies'

/**
 * Copies the app's SQLite database to PostgreSQL, ready to switch. In the mode `read-only` the app is that from the safety
 * copy on; in the mode `live` it goes on writing, and when the state is `ready-to-switch` the worker's follower takes over.
 *
 *   state `migrating` ─> library: fence, copy, counts (or log, copy, proof) ─> report kept ─> state `ready-to-switch`
 *
 * The state says `migrating` before anything is touched and something else only after the library has returned, so
 * whoever finds `migrating` after a crash knows that the copy is unfinished: to be gone on with by this very job, which then
 * finds the state as its earlier attempt left it, or to be thrown away. A failure ends on-sqlite.
 */
export function createMigrateHandler(dependencies: HandlerDependencies): JobHandler<'migrate'> {
  const { store, reports, openTarget, workDir } = dependencies
  return async ({ target, setAside, mode = 'read-only', choices = [], switch: choice }, { jobId, requestedBy, report, signal }) => {
    const before = await readActiveDatabase(store)
    const isTakenUp = before.state.status === 'migrating' && before.state.jobId === jobId
    if (!isTakenUp) requireStateFor('migrate', before.state)
    const sourcePath = requireSqlitePath(dependencies)
    const targetUrl = openTarget(target)
    const actor = `job ${jobId}`
    const since = store.clock.now().toISOString()
    const migrating = isTakenUp
      ? before
      : await transitionActiveDatabase(store, { from: before.version, to: { status: 'migrating', jobId, target, since, mode }, actor })
    if (mode === 'live' && choice) await chooseSwitchOnce(store, jobId, choice, requestedBy)
    const model = modelOf(dependencies)
    const live = mode === 'live'
    const options = { jobId, sourcePath, targetUrl, model, workDir, fenceSource: !live, live, setAside, choices, dryRun: false }
    const result = await migrateDatabase(options, report, signal)
    if (result.status === 'failed') {
      await transitionActiveDatabase(store, { from: migrating.version, to: { status: 'on-sqlite' }, actor })
      return { status: 'failed', error: toErrorReport(result.error), result }
    }
    await reports.save({ jobId, requestedBy, result: countsOf(result) })
    const ready = { status: 'ready-to-switch', jobId, target, since: store.clock.now().toISOString(), mode } as const
    await transitionActiveDatabase(store, { from: migrating.version, to: ready, actor })
    return { status: 'succeeded', result }
  }
}

/** The counts at the end of a migration, as a verification report. */
function countsOf({ status, source, target, startedAt, elapsedMs, tables, findings }: MigrationResult) {
  return { status, source, target, startedAt, elapsedMs, tables, findings }
}
