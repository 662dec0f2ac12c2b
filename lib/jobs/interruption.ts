import type { ControlStore } from '@/lib/control/control-store'
import { breakLease, databasesLease } from '@/lib/control/lease'
import { findDeadWorkers } from '@/lib/control/workers'
import type { ErrorReport } from '@/lib/core/errors'
import { endJob } from './job-queue'

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
    if (row) interrupted.push(job.id)
  }
  for (const workerId of dead) await breakLease(store, databasesLease, leaseHolderOf(workerId))
  return interrupted
}

function interruptedError(): ErrorReport {
  return {
    code: 'INTERRUPTED',
    message: 'The worker that ran this job stopped before the job had ended.',
    hint: 'The databases are brought back to a stable state first; then start the job again.',
    retryable: true,
  }
}
