import { recoverRestore } from '@/lib/backup/replace-in-postgres'
import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import type { ProgressEvent } from '@/lib/core/progress'
import { type HandlerDependencies, modelOf } from '@/lib/jobs/handlers/handler-dependencies'
import { leaseHolderOf, mayTakeUp, takeUpJob } from '@/lib/jobs/interruption'
import type { ClaimedJob } from '@/lib/jobs/job-queue'
import { type Recovery, recoverDatabases } from '@/lib/migration/recover'

/**
 * Brings databases and recorded state back to a stable state; called under the lease. The databases come first and
 * the record last: killed in between, the next recovery finds the databases done and only records.
 *
 * A migration that was cut short, and of which nothing is lost, stays as it is: its job is taken up again, as the same
 * job, and answered. One that a person wished to cancel, or that the command line began, is undone instead.
 */
export async function recover(
  dependencies: HandlerDependencies,
  workerId: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<ClaimedJob | null> {
  const { store } = dependencies
  const { state } = await readActiveDatabase(store)
  if (state.status === 'migrating' && (await mayTakeUp(store, state.jobId))) {
    const recovery = await recoverOnce(dependencies, workerId, 'resume', logger, signal)
    const job = recovery.outcome === 'resumable' ? await takeUpJob(store, recovery.jobId, workerId) : null
    if (job || recovery.outcome !== 'resumable') return job
  }
  await recoverOnce(dependencies, workerId, 'undo', logger, signal)
  await recoverRestoreInto(dependencies, logger)
  return null
}

/** A restore into PostgreSQL that was cut short: the tables take writes again, as they were. */
async function recoverRestoreInto({ store, openTarget }: HandlerDependencies, logger: Logger): Promise<void> {
  const { state } = await readActiveDatabase(store)
  if (state.status !== 'on-postgresql') return
  if (await recoverRestore(openTarget(state.target)))
    logger.warn({ recovery: true }, 'An unfinished restore was given up; nothing of it is left.')
}

async function recoverOnce(
  dependencies: HandlerDependencies,
  workerId: string,
  unfinished: 'resume' | 'undo',
  logger: Logger,
  signal: AbortSignal,
): Promise<Recovery> {
  const { store, sqlitePath, workDir, openTarget } = dependencies
  const { state, version } = await readActiveDatabase(store)
  const targetUrl = 'target' in state ? openTarget(state.target) : null
  const options = { state, sourcePath: sqlitePath, targetUrl, workDir }
  const model = unfinished === 'resume' ? { resumeModel: modelOf(dependencies) } : {}
  const recovery = await recoverDatabases({ ...options, ...model }, (event) => log(logger, event), signal)
  const next = nextState(state, recovery, store.clock.now())
  if (next) await transitionActiveDatabase(store, { from: version, to: next, actor: `recovery by ${leaseHolderOf(workerId)}` })
  return recovery
}

function nextState(state: ActiveState, recovery: Recovery, now: Date): ActiveState | null {
  switch (recovery.outcome) {
    case 'unchanged':
    case 'resumable':
      return null
    case 'on-sqlite':
      return { status: 'on-sqlite', ...(state.status === 'migrating' && state.former ? { former: state.former } : {}) }
    case 'finished':
      if (state.status !== 'on-postgresql')
        throw new AppError({ code: 'INTERNAL', message: 'Recovery found an end of a switch that was none.' })
      return { ...state, jobId: null, finished: { at: now.toISOString(), jobId: recovery.jobId, archive: null } }
    case 'on-postgresql':
      if (!('target' in state)) throw new AppError({ code: 'INTERNAL', message: 'Recovery found a switch without a recorded target.' })
      return { status: 'on-postgresql', jobId: recovery.jobId, target: state.target, since: now.toISOString() }
  }
}

function log(logger: Logger, event: ProgressEvent): void {
  if (event.type === 'log') logger[event.level]({ recovery: true }, event.message)
}
