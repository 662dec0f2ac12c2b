import type { ControlStore } from '@/lib/control/control-store'
import { readUnsettled, withExclusive } from '@/lib/control/exclusive'
import { databasesLease, readLease } from '@/lib/control/lease'
import { heartbeatWorker, registerWorker, signOffWorker, type WorkerIdentity } from '@/lib/control/workers'
import { AppError, type ErrorReport, reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'
import { interruptDeadJobs, leaseHolderOf } from './interruption'
import type { JobHandlers } from './job-handler'
import { type ClaimedJob, claimJob } from './job-queue'
import { runAndLog, runBackupsBeside } from './run-beside'
import { queueDueJobs } from './run-schedules'

export interface WorkerDependencies {
  readonly store: ControlStore
  readonly identity: WorkerIdentity
  readonly handlers: JobHandlers
  /**
   * Brings both databases and the recorded state back to a stable state, or takes up the job that was cut short, when
   * nothing of it is lost. Safe to repeat; called under the lease.
   */
  readonly recover: (signal: AbortSignal) => Promise<ClaimedJob | null>
  readonly logger: Logger
  /** Pause between looks into an empty queue, in milliseconds. Default: 200. */
  readonly pollMs?: number
}

const heartbeatMs = 2_000
/** While it is not known where the app is nobody writes: who can be asked again is asked again soon. */
const longestRecoveryPauseMs = 2_000
/** What no time mends, such as another NEXTAUTH_SECRET: a person has to, and may do so without a restart. */
const longestHopelessPauseMs = 30_000
/** The same trouble is said again only after so long. */
const repeatedAfterMs = 10 * 60_000
/** Schedules count in minutes: a look each second is prompt, and costs one small query. */
const scheduleLookMs = 1_000

/**
 * The life of a worker, until `shutdown` fires:
 *
 *   register ─> look for dead workers' jobs ─> recover, when something is unsettled ─> queue what is due ─> claim ─> run ─┐
 *                        ^                              └─ or take up the job that was cut short ─────────────────> run ─┤
 *                        ^──────────────────────────────────────────────────────────────────────────────────────────────┘
 *
 * One job at a time, but for a backup, which is made beside a long job that leaves it its data (run-beside.ts).
 * Recovery comes before every claim, and at the start even when nothing seems wrong. While it fails (PostgreSQL away,
 * for example) nothing is claimed, and it is tried again with a growing pause.
 * On shutdown the running job is told to stop, puts everything back, and is marked interrupted.
 */
export async function runWorker(dependencies: WorkerDependencies, shutdown: AbortSignal): Promise<void> {
  const { store, identity, logger, handlers, pollMs = 200 } = dependencies
  await registerWorker(store, identity)
  logger.info({ worker: identity.id }, 'worker started')
  const onHeartbeatError = (error: unknown) => logger.warn({ error: reportError(error) }, 'heartbeat failed')
  const heartbeat = setInterval(() => void heartbeatWorker(store, identity.id).catch(onHeartbeatError), heartbeatMs)
  let recoveryPauseMs = 250
  let hasRecovered = false
  const complain = createComplaint(logger)
  let lastLook = Number.NEGATIVE_INFINITY
  try {
    while (!shutdown.aborted) {
      for (const jobId of await interruptDeadJobs(store, leaseHolderOf(identity.id))) {
        logger.warn({ jobId }, 'job interrupted: its worker is gone')
        // It may have died before it could say that it had begun.
        hasRecovered = false
      }
      const recovery = await recoverWhenNeeded(dependencies, hasRecovered, shutdown)
      if (recovery.status === 'failed') {
        if (recovery.error) complain(recovery.error)
        await pause(recoveryPauseMs, shutdown)
        const longest = recovery.error?.code === 'KEY_INVALID' ? longestHopelessPauseMs : longestRecoveryPauseMs
        recoveryPauseMs = Math.min(recoveryPauseMs * 2, longest)
        continue
      }
      recoveryPauseMs = 250
      hasRecovered = true
      if (performance.now() - lastLook >= scheduleLookMs) {
        lastLook = performance.now()
        for (const jobId of await queueDueJobs(store, logger)) logger.info({ jobId }, 'job queued by its schedule')
      }
      const job = recovery.job ?? (recovery.status === 'settled' ? await claimJob(store, identity.id) : null)
      if (!job) {
        await pause(pollMs, shutdown)
        continue
      }
      // Somebody may have taken the lease before a job that was taken up: then nobody has brought the databases in order.
      if (recovery.job) hasRecovered = false
      const parts = { store, handlers, logger, workerId: identity.id, pollMs }
      const endBeside = runBackupsBeside(parts, job.kind, shutdown)
      try {
        await runAndLog(parts, job, recovery.job ? 'job taken up again' : 'job started', shutdown)
      } finally {
        // What comes next may be a restore: a backup that was begun is finished first, as if it had stood in the queue.
        await endBeside()
      }
    }
  } finally {
    clearInterval(heartbeat)
    await signOffWorker(store, identity.id)
    logger.info({ worker: identity.id }, 'worker stopped')
  }
}

/** settled: claim on. busy: somebody holds the lease over something unsettled, so wait for them. */
async function recoverWhenNeeded(
  { store, identity, recover, logger }: WorkerDependencies,
  hasRecovered: boolean,
  shutdown: AbortSignal,
): Promise<{ readonly status: 'settled' | 'busy' | 'failed'; readonly job?: ClaimedJob | null; readonly error?: ErrorReport }> {
  const unsettled = await readUnsettled(store)
  if (!unsettled && hasRecovered) return { status: 'settled' }
  // Another worker or the command line is at work and alive: not ours to recover, and other kinds of job may go on.
  if (await readLease(store, databasesLease)) return { status: 'settled' }
  const request = { name: databasesLease, holder: leaseHolderOf(identity.id), purpose: 'recovery of the databases' }
  try {
    const job = await withExclusive(store, request, shutdown, (signal) => recover(signal))
    if (unsettled && !job) logger.warn({ after: unsettled.purpose }, 'databases recovered')
    return { status: 'settled', job }
  } catch (error) {
    if (error instanceof AppError && error.code === 'LEASE_HELD') return { status: 'busy' }
    if (shutdown.aborted) return { status: 'failed' }
    return { status: 'failed', error: reportError(error) }
  }
}

/** Says each trouble of the recovery once, with its remedy, and again after a while. */
function createComplaint(logger: Logger): (error: ErrorReport) => void {
  let last = { said: '', at: Number.NEGATIVE_INFINITY }
  return (error) => {
    const said = `${error.code} ${error.message}`
    if (last.said === said && performance.now() - last.at < repeatedAfterMs) return
    last = { said, at: performance.now() }
    const remedy = error.hint === undefined ? '' : ` ${error.hint}`
    logger.error({ error }, `recovery failed; nothing is started until it succeeds. ${error.message}${remedy}`)
  }
}
