import { randomUUID } from 'node:crypto'
import { appendAudit } from '@/lib/control/audit'
import { type ControlStore, type ControlTransaction, isUniqueViolation } from '@/lib/control/control-store'
import { databasesLease, leaseHeld, readLease } from '@/lib/control/lease'
import { AppError, type ErrorReport } from '@/lib/core/errors'
import { exclusiveKinds, type JobKind, type JobPayload, type JobStatus, type JobView, jobPayloads, soloKinds } from './job'
import { heldBy, insertNumbered, type JobHold, jobLost } from './job-events'
import { type JobRow, toJobView } from './job-view'

export interface EnqueueRequest<K extends JobKind = JobKind> {
  readonly kind: K
  readonly payload: JobPayload<K>
  readonly requestedBy: string
  /** The interrupted, failed or cancelled job that this one repeats. */
  readonly retryOfId?: string
}

/** How a job ended, as its worker says. */
export type JobOutcome =
  | { readonly status: 'succeeded'; readonly result: unknown }
  | { readonly status: 'failed' | 'cancelled' | 'interrupted'; readonly error: ErrorReport; readonly result?: unknown }

/** A claimed job: what its handler needs. */
export interface ClaimedJob {
  readonly hold: JobHold
  readonly kind: JobKind
  readonly payload: unknown
  readonly requestedBy: string
}

const exclusive = [...exclusiveKinds]
const unfinished: JobStatus[] = ['queued', 'running']
const gateName = 'enqueue'

/**
 * Queues a job. A second exclusive one is refused while one is queued or running, or the command line holds the
 * lease: the gate row is updated first, so that two requests are decided one after the other on any database.
 *
 * @throws AppError LEASE_HELD naming who asked for the other job and when; INVALID_INPUT for a wrong payload
 */
export async function enqueueJob<K extends JobKind>(store: ControlStore, request: EnqueueRequest<K>): Promise<JobView> {
  const payload = parsePayload(request.kind, request.payload)
  const createdAt = store.clock.now()
  const isExclusive = exclusiveKinds.has(request.kind)
  const isSolo = soloKinds.has(request.kind)
  if (isExclusive || isSolo) await ensureGate(store)
  if (isExclusive) {
    const held = await readLease(store, databasesLease)
    if (held) throw leaseHeld(held)
  }
  const row = await store.write(async (transaction) => {
    if (isExclusive) {
      await transaction.lease.updateMany({ where: { name: gateName }, data: { fencing: { increment: 1 } } })
      const other = await transaction.job.findFirst({ where: { kind: { in: exclusive }, status: { in: unfinished } } })
      if (other) throw leaseHeld({ holder: other.requestedBy, purpose: other.kind, acquiredAt: other.createdAt })
    }
    if (isSolo) {
      await transaction.lease.updateMany({ where: { name: gateName }, data: { fencing: { increment: 1 } } })
      const other = await transaction.job.findFirst({ where: { kind: { in: [...soloKinds] }, status: { in: unfinished } } })
      if (other) throw leaseHeld({ holder: other.requestedBy, purpose: other.kind, acquiredAt: other.createdAt })
    }
    const id = randomUUID()
    const { kind, requestedBy } = request
    const created = await transaction.job.create({
      data: {
        id,
        kind,
        status: 'queued',
        payload: JSON.stringify(payload),
        requestedBy,
        createdAt,
        lastEventSeq: 1,
        retryOfId: request.retryOfId ?? null,
      },
    })
    await insertNumbered(transaction, id, [{ at: createdAt, event: { type: 'status', status: 'queued' } }])
    const detail = { kind, retryOf: request.retryOfId ?? null, target: toJobView(created).targetLabel }
    await appendAudit(transaction, createdAt, { actor: requestedBy, action: 'job.requested', subject: id, detail })
    return created
  })
  return toJobView(row)
}

/**
 * Takes the oldest queued job, of these kinds if some are named, or null when there is none. The conditional UPDATE decides between workers that saw
 * the same one; the loser looks again.
 */
export async function claimJob(store: ControlStore, workerId: string, kinds?: readonly JobKind[]): Promise<ClaimedJob | null> {
  for (;;) {
    const candidate = await store.read.job.findFirst({
      where: { status: 'queued', cancelRequestedAt: null, ...(kinds ? { kind: { in: [...kinds] } } : {}) },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    if (!candidate) return null
    const row = await store.write((transaction) => takeQueued(transaction, candidate, workerId, store.clock.now()))
    if (!row) continue
    const hold = { jobId: row.id, workerId, attempt: row.attempt }
    return { hold, kind: toJobView(row).kind, payload: JSON.parse(row.payload), requestedBy: row.requestedBy }
  }
}

/** The holder's sign of life; answers whether somebody asked to cancel. @throws AppError LEASE_LOST when the job was taken away */
export async function heartbeatJob(store: ControlStore, hold: JobHold): Promise<{ readonly cancelRequested: boolean }> {
  const heartbeatAt = store.clock.now()
  const { count } = await store.write((transaction) => transaction.job.updateMany({ where: heldBy(hold), data: { heartbeatAt } }))
  if (count !== 1) throw jobLost(hold.jobId)
  return { cancelRequested: await isCancelRequested(store, hold.jobId) }
}

export async function isCancelRequested(store: ControlStore, jobId: string): Promise<boolean> {
  const row = await store.read.job.findUnique({ where: { id: jobId }, select: { cancelRequestedAt: true } })
  return row?.cancelRequestedAt != null
}

/** Ends a held job: status, last event and audit entry in one transaction. @throws AppError LEASE_LOST when it was taken away */
export async function finishJob(store: ControlStore, hold: JobHold, outcome: JobOutcome): Promise<JobView> {
  const row = await store.write((transaction) => endJob(transaction, heldBy(hold), outcome, store.clock.now(), `worker ${hold.workerId}`))
  if (!row) throw jobLost(hold.jobId)
  return toJobView(row)
}

/**
 * Asks to cancel. A queued job is cancelled at once; a running one when its worker has seen it (a fraction of a
 * second) and put everything back. Cancelling an ended job changes nothing.
 */
export async function cancelJob(store: ControlStore, jobId: string, actor: string): Promise<JobView> {
  const at = store.clock.now()
  const error = { code: 'CANCELLED', message: 'Cancelled before it started.', retryable: false } as const
  await store.write(async (transaction) => {
    if (await endJob(transaction, { id: jobId, status: 'queued' }, { status: 'cancelled', error }, at, actor)) return
    const where = { id: jobId, status: 'running', cancelRequestedAt: null }
    const { count } = await transaction.job.updateMany({ where, data: { cancelRequestedAt: at } })
    if (count === 1) await appendAudit(transaction, at, { actor, action: 'job.cancel-requested', subject: jobId })
  })
  return getJob(store, jobId)
}

/** Queues again what an ended job did, as a new job that names it. @throws AppError STATE_CONFLICT when it has not ended, or ended well */
export async function retryJob(store: ControlStore, jobId: string, requestedBy: string): Promise<JobView> {
  const row = await findRow(store, jobId)
  const view = toJobView(row)
  if (!['failed', 'cancelled', 'interrupted'].includes(view.status)) {
    const message = 'Only a job that failed, was cancelled or was interrupted can be started again.'
    throw new AppError({ code: 'STATE_CONFLICT', operation: 'retry a job', subject: jobId, message })
  }
  return enqueueJob(store, { kind: view.kind, payload: parsePayload(view.kind, JSON.parse(row.payload)), requestedBy, retryOfId: jobId })
}

/** @throws AppError NOT_FOUND */
export async function getJob(store: ControlStore, jobId: string): Promise<JobView> {
  return toJobView(await findRow(store, jobId))
}

/** Jobs, newest first, from before the cursor that the page before ended with. */
export async function listJobs(
  store: ControlStore,
  page: { readonly limit: number; readonly before?: string | undefined },
): Promise<{ readonly jobs: readonly JobView[]; readonly nextBefore: string | null }> {
  const cursor = page.before === undefined ? undefined : parseCursor(page.before)
  const rows = await store.read.job.findMany({
    where: cursor ? { OR: [{ createdAt: { lt: cursor.at } }, { createdAt: cursor.at, id: { lt: cursor.id } }] } : {},
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.limit + 1,
  })
  const jobs = rows.slice(0, page.limit).map(toJobView)
  const last = jobs.at(-1)
  return { jobs, nextBefore: rows.length > page.limit && last ? `${last.createdAt}_${last.id}` : null }
}

/** The job that runs or waits, exclusive ones first; null when nothing is under way. */
export async function findActiveJob(store: ControlStore): Promise<JobView | null> {
  const orderBy = [{ createdAt: 'asc' as const }]
  const first = await store.read.job.findFirst({ where: { kind: { in: exclusive }, status: { in: unfinished } }, orderBy })
  const row = first ?? (await store.read.job.findFirst({ where: { status: { in: unfinished } }, orderBy }))
  return row ? toJobView(row) : null
}

/** Ends the job that `where` matches, if it still does. The UPDATE comes first: it locks the row and decides. */
export async function endJob(
  transaction: ControlTransaction,
  where: { readonly id: string; readonly status: string; readonly workerId?: string; readonly attempt?: number },
  outcome: JobOutcome,
  at: Date,
  actor: string,
): Promise<JobRow | null> {
  const error = 'error' in outcome ? JSON.stringify(outcome.error) : null
  const result = outcome.result === undefined ? null : JSON.stringify(outcome.result)
  const data = { status: outcome.status, finishedAt: at, error, result, lastEventSeq: { increment: 1 } }
  const { count } = await transaction.job.updateMany({ where: { ...where }, data })
  if (count !== 1) return null
  await insertNumbered(transaction, where.id, [{ at, event: { type: 'status', status: outcome.status } }])
  const row = await transaction.job.findUniqueOrThrow({ where: { id: where.id } })
  const detail = { kind: row.kind, code: 'error' in outcome ? outcome.error.code : null }
  await appendAudit(transaction, at, { actor, action: `job.${outcome.status}`, subject: where.id, detail })
  return row
}

async function takeQueued(transaction: ControlTransaction, candidate: JobRow, workerId: string, at: Date): Promise<JobRow | null> {
  const data = { status: 'running', workerId, startedAt: at, heartbeatAt: at, attempt: { increment: 1 }, lastEventSeq: { increment: 1 } }
  const { count } = await transaction.job.updateMany({ where: { id: candidate.id, status: 'queued', cancelRequestedAt: null }, data })
  if (count !== 1) return null
  const row = await transaction.job.findUniqueOrThrow({ where: { id: candidate.id } })
  await insertNumbered(transaction, row.id, [{ at, event: { type: 'status', status: 'running', attempt: row.attempt } }])
  return row
}

async function ensureGate(store: ControlStore): Promise<void> {
  if (await store.read.lease.findUnique({ where: { name: gateName } })) return
  const past = new Date(0)
  const row = { name: gateName, holder: '', token: '', fencing: 0, purpose: 'order of requests', acquiredAt: past, expiresAt: past }
  await store
    .write((transaction) => transaction.lease.create({ data: row }))
    .catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error
    })
}

async function findRow(store: ControlStore, jobId: string): Promise<JobRow> {
  const row = await store.read.job.findUnique({ where: { id: jobId } })
  if (row) return row
  throw new AppError({ code: 'NOT_FOUND', operation: 'read a job', subject: jobId, message: 'There is no such job.' })
}

function parsePayload<K extends JobKind>(kind: K, payload: unknown): JobPayload<K> {
  const parsed = jobPayloads[kind].safeParse(payload)
  // The schema is the one of this kind; TypeScript does not follow the index through safeParse.
  if (parsed.success) return parsed.data as JobPayload<K>
  const message = `The ${kind} job's payload is not valid: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}.`
  throw new AppError({ code: 'INVALID_INPUT', operation: 'queue a job', message, cause: parsed.error })
}

function parseCursor(text: string): { at: Date; id: string } {
  const [at = '', id = ''] = text.split('_')
  if (Number.isNaN(Date.parse(at)) || !id) {
    throw new AppError({ code: 'INVALID_INPUT', operation: 'list jobs', message: 'The cursor "before" is not one of ours.' })
  }
  return { at: new Date(at), id }
}
