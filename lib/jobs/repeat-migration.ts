import type { ControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import type { RepairChoice } from '@/lib/core/repair-choice'
import { finalStatuses, type JobView, jobPayloads } from './job'
import { enqueueJob, getJob } from './job-queue'

/**
 * Queues a migration again that did not succeed, into the same target, with repairs that were chosen since. The choices
 * replace those of the earlier one. With any, the app is read-only from the copy on.
 *
 * @throws AppError NOT_FOUND, STATE_CONFLICT when it is no migration or did not end so; LEASE_HELD, INVALID_INPUT
 */
export async function repeatMigration(
  store: ControlStore,
  jobId: string,
  choices: readonly RepairChoice[],
  requestedBy: string,
): Promise<JobView> {
  const { kind, status } = await getJob(store, jobId)
  if (kind !== 'migrate' || !finalStatuses.has(status) || status === 'succeeded') {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'migrate with repairs',
      subject: jobId,
      message: 'Only a migration that failed, was cancelled or was interrupted can be started again.',
      hint: 'Reload the page.',
    })
  }
  const row = await store.read.job.findUniqueOrThrow({ where: { id: jobId }, select: { payload: true } })
  const { mode, ...asked } = jobPayloads.migrate.parse(JSON.parse(row.payload))
  // An app that goes on writing may bring the unrepaired value again; without choices it may go on.
  const kept = choices.length > 0 ? ('read-only' as const) : mode
  const payload = { ...asked, ...(kept === undefined ? {} : { mode: kept }), choices: [...choices] }
  return enqueueJob(store, { kind: 'migrate', payload, requestedBy, retryOfId: jobId })
}
