import { recoverRestore } from '@/lib/backup/replace-in-postgres'
import { readActiveDatabase } from '@/lib/control/active-database'
import type { Logger } from '@/lib/core/logger'
import type { ProgressEvent } from '@/lib/core/progress'
import { type HandlerDependencies, modelOf } from '@/lib/jobs/handlers/handler-dependencies'
import { leaseHolderOf, mayTakeUp, takeUpJob } from '@/lib/jobs/interruption'
import type { ClaimedJob } from '@/lib/jobs/job-queue'
import type { Recovery } from '@/lib/migration/recover'
import { recoverAndRecord } from '@/lib/migration/recover-and-record'

/**
 * Brings databases and recorded state back to a stable state; called under the lease, safe to repeat.
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

function recoverOnce(
  dependencies: HandlerDependencies,
  workerId: string,
  unfinished: 'resume' | 'undo',
  logger: Logger,
  signal: AbortSignal,
): Promise<Recovery> {
  const { store, sqlitePath, workDir, openTarget } = dependencies
  const model = unfinished === 'resume' ? { resumeModel: modelOf(dependencies) } : {}
  const recovery = { store, sqlitePath, workDir, openTarget, actor: `recovery by ${leaseHolderOf(workerId)}`, ...model }
  return recoverAndRecord(recovery, (event) => log(logger, event), signal)
}

function log(logger: Logger, event: ProgressEvent): void {
  if (event.type === 'log') logger[event.level]({ recovery: true }, event.message)
}
