import type { ControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease } from '@/lib/control/lease'
import { AppError, reportError } from '@/lib/core/errors'
import { recordEvents } from './event-recorder'
import { leaseHolderOf } from './interruption'
import { exclusiveKinds, type JobView, jobPayloads } from './job'
import type { HandlerOutcome, JobContext, JobHandler, JobHandlers } from './job-handler'
import { type ClaimedJob, finishJob, heartbeatJob, isCancelRequested, type JobOutcome } from './job-queue'

/** Reading one row this often makes a cancellation felt well within a second. */
const cancelPollMs = 200
const heartbeatMs = 2_000

/**
 * Runs a claimed job to its end and stores the end. The handler's signal fires with
 * CANCELLED when somebody asked for it, INTERRUPTED when `shutdown` fires, LEASE_LOST when the job or the lease is gone.
 *
 * @throws AppError LEASE_LOST when the job was taken away meanwhile; what it did is undone by whoever took it
 */
export async function runJob(store: ControlStore, job: ClaimedJob, handlers: JobHandlers, shutdown: AbortSignal): Promise<JobView> {
  const stop = new AbortController()
  const abort = (reason: unknown) => stop.abort(reason)
  const onShutdown = () => abort(workerStopped())
  if (shutdown.aborted) onShutdown()
  shutdown.addEventListener('abort', onShutdown, { once: true })
  const recorder = recordEvents(store, job.hold, abort)
  const stopWatching = watchJob(store, job, abort)
  const context: JobContext = { jobId: job.hold.jobId, requestedBy: job.requestedBy, report: recorder.report, signal: stop.signal }
  try {
    const outcome = await runHandler(store, job, handlers, context)
    await recorder.close()
    return await finishJob(store, job.hold, classify(outcome, stop.signal))
  } finally {
    stopWatching()
    shutdown.removeEventListener('abort', onShutdown)
    await recorder.close().catch(() => undefined)
  }
}

/** A failure of a job that was told to stop is that: cancelled, or interrupted. One that ended well all the same, ended well. */
export function classify(outcome: HandlerOutcome, signal: AbortSignal): JobOutcome {
  if (outcome.status === 'succeeded' || !signal.aborted) return outcome
  const reason = reportError(signal.reason)
  if (reason.code === 'INTERRUPTED') return { ...outcome, status: 'interrupted', error: reason }
  if (reason.code === 'CANCELLED') return { ...outcome, status: 'cancelled', error: reason }
  return { ...outcome, error: reason }
}

async function runHandler(store: ControlStore, job: ClaimedJob, handlers: JobHandlers, context: JobContext): Promise<HandlerOutcome> {
  const { kind } = job
  // Kind and payload belong together: the payload is parsed by this kind's schema before the handler sees it.
  const handler = handlers[kind] as JobHandler<typeof kind>
  try {
    const payload = jobPayloads[kind].parse(job.payload) as Parameters<typeof handler>[0]
    if (!exclusiveKinds.has(kind)) return await handler(payload, context)
    const request = { name: databasesLease, holder: leaseHolderOf(job.hold.workerId), purpose: `${kind} (job ${job.hold.jobId})` }
    return await withExclusive(store, request, context.signal, (signal) => handler(payload, { ...context, signal }))
  } catch (error) {
    return { status: 'failed', error: reportError(error) }
  }
}

/** Looks for a wish to cancel and gives signs of life, until the returned function is called. */
function watchJob(store: ControlStore, job: ClaimedJob, abort: (reason: unknown) => void): () => void {
  const onError = (error: unknown) => {
    // Only a lost job stops the work; a store that cannot be reached for a moment does not.
    if (error instanceof AppError && error.code === 'LEASE_LOST') abort(error)
  }
  const poll = setInterval(() => {
    isCancelRequested(store, job.hold.jobId).then((requested) => {
      if (requested) abort(new AppError({ code: 'CANCELLED', message: 'The job was cancelled.' }))
    }, onError)
  }, cancelPollMs)
  const beat = setInterval(() => void heartbeatJob(store, job.hold).catch(onError), heartbeatMs)
  return () => {
    clearInterval(poll)
    clearInterval(beat)
  }
}

function workerStopped(): AppError {
  return new AppError({
    code: 'INTERRUPTED',
    message: 'The worker was stopped while the job ran; everything was put back first.',
    hint: 'Start the job again when the worker is back.',
    retryable: true,
  })
}
