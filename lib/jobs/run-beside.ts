import type { ControlStore } from '@/lib/control/control-store'
import { AppError, reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'
import type { JobKind } from './job'
import type { JobHandlers } from './job-handler'
import { type ClaimedJob, claimJob } from './job-queue'
import { runJob } from './run-job'
import { queueDueJobs } from './run-schedules'

export interface RunParts {
  readonly store: ControlStore
  readonly handlers: JobHandlers
  readonly logger: Logger
  readonly workerId: string
  /** Pause between looks into an empty queue, in milliseconds. */
  readonly pollMs: number
}

/** These only read, or tidy up what a snapshot does not see: a backup of the night need not wait until an index is built anew. */
const letBackupsPass: ReadonlySet<JobKind> = new Set(['preflight', 'verify', 'functions', 'maintain'])

/** Schedules count in minutes. */
const scheduleLookMs = 1_000

/**
 * Makes backups, also those that come due, while a job of another kind runs, if that kind lets them pass. Answers what ends
 * it: a backup that was begun is finished first. Throws nothing; what fails is tried again by the worker's own round.
 */
export function runBackupsBeside(parts: RunParts, kind: JobKind, shutdown: AbortSignal): () => Promise<void> {
  if (!letBackupsPass.has(kind)) return async () => undefined
  const ended = new AbortController()
  const running = lookForBackups(parts, AbortSignal.any([ended.signal, shutdown]), shutdown)
  return async () => {
    ended.abort()
    await running
  }
}

/** Runs a job to its end and says so in the log. One that was lost to another worker is no failure of ours. */
export async function runAndLog(
  { store, handlers, logger }: RunParts,
  job: ClaimedJob,
  word: string,
  shutdown: AbortSignal,
): Promise<void> {
  const { jobId, attempt } = job.hold
  logger.info({ jobId, kind: job.kind, attempt }, word)
  try {
    const view = await runJob(store, job, handlers, shutdown)
    logger.info({ jobId, kind: job.kind, status: view.status, error: view.error ?? undefined }, 'job ended')
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'LEASE_LOST')) throw error
    logger.warn({ jobId }, 'job lost to another worker')
  }
}

async function lookForBackups(parts: RunParts, until: AbortSignal, shutdown: AbortSignal): Promise<void> {
  const { store, logger, workerId, pollMs } = parts
  let lastLook = performance.now()
  while (!until.aborted) {
    try {
      if (performance.now() - lastLook >= scheduleLookMs) {
        lastLook = performance.now()
        for (const jobId of await queueDueJobs(store, logger)) logger.info({ jobId }, 'job queued by its schedule')
      }
      const job = await claimJob(store, workerId, ['backup'])
      if (job) await runAndLog(parts, job, 'job started beside another', shutdown)
    } catch (error) {
      logger.warn({ error: reportError(error) }, 'backups could not be looked for')
    }
    await pause(pollMs, until)
  }
}
