import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { breakLease, breakLeasesOf, databasesLease } from '@/lib/control/lease'
import { findDeadWorkers } from '@/lib/control/workers'
import type { ErrorReport } from '@/lib/core/errors'
import { insertNumbered } from './job-events'
import { type ClaimedJob, endJob } from './job-queue'
import { toJobView } from './job-view'

/** The name under which a worker holds leases. */
export function leaseHolderOf(workerId: string): string {
  return `worker ${workerId}`
}

/**
 * Marks the running jobs of dead workers interrupted and takes their lease away, so that recovery can begin without
 * waiting for its expiry. Any living worker may call it, several at once: the conditional UPDATE lets one of them win.
 *
 * @param actor who does it, for the audit log
 * @returns ids of the jobs that were marked now
 */
export async function interruptDeadJobs(store: ControlStore, actor: string): Promise<readonly string[]> {
  const running = await store.read.job.findMany({ where: { status: 'running' }, select: { id: true, workerId: true, attempt: true } })
  const held = running.flatMap(({ id, workerId, attempt }) => (workerId === null ? [] : [{ id, workerId, attempt }]))
  if (held.length === 0) return []
  const dead = await findDeadWorkers(store, [...new Set(held.map((job) => job.workerId))])
  const interrupted: string[] = []
  for (const job of held.filter(({ workerId }) => dead.has(workerId))) {
    const where = { ...job, status: 'running' }
    const row = await store.write((transaction) =>
      endJob(transaction, where, { status: 'interrupted', error: interruptedError() }, store.clock.now(), actor),
    )
    if (!row) continue
    interrupted.push(job.id)
    // What it held besides (that of the backups): whoever starts the next one would be refused until it expires.
    await breakLeasesOf(store, `job ${job.id}`)
  }
  for (const workerId of dead) await breakLease(store, databasesLease, leaseHolderOf(workerId))
  return interrupted
}

/**
 * Of a job that is begun again and again the worker itself may be the trouble, with the app read-only all the while: after
 * so many attempts it is undone, and a person decides.
 */
const maximumAttempts = 10

/** Whether an interrupted job may be taken up again: nobody wished to cancel it, and it was not begun too often. */
export async function mayTakeUp(store: ControlStore, jobId: string): Promise<boolean> {
  const row = await store.read.job.findUnique({ where: { id: jobId } })
  return row?.status === 'interrupted' && row.cancelRequestedAt === null && row.attempt < maximumAttempts
}

/**
 * Takes an interrupted job up again, as the same job with its next attempt, without a moment in which it waits in the
 * queue. Null when it is no longer interrupted, or may not be taken up.
 */
export async function takeUpJob(store: ControlStore, jobId: string, workerId: string): Promise<ClaimedJob | null> {
  const at = store.clock.now()
  const data = {
    status: 'running',
    workerId,
    heartbeatAt: at,
    finishedAt: null,
    error: null,
    attempt: { increment: 1 },
    lastEventSeq: { increment: 1 },
  }
  const where = { id: jobId, status: 'interrupted', cancelRequestedAt: null, attempt: { lt: maximumAttempts } }
  const row = await store.write(async (transaction) => {
    const { count } = await transaction.job.updateMany({ where, data })
    if (count !== 1) return null
    const taken = await transaction.job.findUniqueOrThrow({ where: { id: jobId } })
    await insertNumbered(transaction, jobId, [{ at, event: { type: 'status', status: 'running', attempt: taken.attempt } }])
    const detail = { kind: taken.kind, attempt: taken.attempt }
    await appendAudit(transaction, at, { actor: leaseHolderOf(workerId), action: 'job.resumed', subject: jobId, detail })
    return taken
  })
  if (!row) return null
  const hold = { jobId, workerId, attempt: row.attempt }
  return { hold, kind: toJobView(row).kind, payload: JSON.parse(row.payload), requestedBy: row.requestedBy }
}

function interruptedError(): ErrorReport {
  return {
    code: 'INTERRUPTED',
    message: 'The worker that ran this job stopped before the job had ended.',
    hint: 'The databases are brought back to a stable state first; then start the job again.',
    retryable: true,
  }
}
