import type { ControlStore, ControlTransaction } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import { type JobEvent, jobEventSchema, type NumberedEvent } from './job'

/** What the holder of a job names itself by; a job taken from it no longer accepts its events. */
export interface JobHold {
  readonly jobId: string
  readonly workerId: string
  /** Of two claims by the same worker, the later one holds. */
  readonly attempt: number
}

/**
 * Appends events of a running job, numbered on from its last one without gap, all or none.
 * The job's row is updated first: that locks it, so two appenders can never give out one number.
 *
 * @throws AppError LEASE_LOST when the job is no longer this worker's to write to
 */
export async function appendEvents(store: ControlStore, hold: JobHold, events: readonly { at: Date; event: JobEvent }[]): Promise<void> {
  if (events.length === 0) return
  await store.write(async (transaction) => {
    const { count } = await transaction.job.updateMany({
      where: heldBy(hold),
      data: { lastEventSeq: { increment: events.length } },
    })
    if (count !== 1) throw jobLost(hold.jobId)
    await insertNumbered(transaction, hold.jobId, events)
  })
}

/** Rows of the running job that this hold is for. */
export function heldBy(hold: JobHold) {
  return { id: hold.jobId, workerId: hold.workerId, attempt: hold.attempt, status: 'running' }
}

/** Inserts events whose numbers were reserved just now, in this transaction, by raising `lastEventSeq`. */
export async function insertNumbered(
  transaction: ControlTransaction,
  jobId: string,
  events: readonly { at: Date; event: JobEvent }[],
): Promise<void> {
  const { lastEventSeq } = await transaction.job.findUniqueOrThrow({ where: { id: jobId }, select: { lastEventSeq: true } })
  const before = lastEventSeq - events.length
  await transaction.jobEvent.createMany({
    data: events.map(({ at, event }, index) => ({
      jobId,
      seq: before + index + 1,
      at,
      type: event.type,
      data: JSON.stringify(jobEventSchema.parse(event)),
    })),
  })
}

/** Events numbered above `after`, in order. */
export async function readEvents(store: ControlStore, jobId: string, after: number, limit: number): Promise<readonly NumberedEvent[]> {
  const rows = await store.read.jobEvent.findMany({ where: { jobId, seq: { gt: after } }, orderBy: { seq: 'asc' }, take: limit })
  return rows.map((row) => ({ seq: row.seq, at: row.at.toISOString(), event: jobEventSchema.parse(JSON.parse(row.data)) }))
}

export function jobLost(jobId: string): AppError {
  return new AppError({
    code: 'LEASE_LOST',
    operation: 'work on a job',
    subject: jobId,
    message: 'The job is no longer this worker’s: it was marked interrupted, or another worker has it.',
    hint: 'Start the job again from the Activity page.',
  })
}
