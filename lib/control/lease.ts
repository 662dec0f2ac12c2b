import { randomUUID } from 'node:crypto'
import { AppError } from '@/lib/core/errors'
import { type ControlStore, isUniqueViolation } from './control-store'

/** The lease that migrate, cut-over, discard, rollback and restore take, from worker and command line alike. */
export const databasesLease = 'databases'

export interface Lease {
  readonly name: string
  /** Who holds it, in words for people. */
  readonly holder: string
  /** Unguessable, new at each acquisition. */
  readonly token: string
  /** Rises by one at each acquisition of this name: of two holders, the higher is the real one. */
  readonly fencing: number
  readonly purpose: string
  readonly acquiredAt: Date
  readonly expiresAt: Date
}

export interface LeaseRequest {
  readonly name: string
  readonly holder: string
  /** What it is held for, in words for people: "migrate (job …)". */
  readonly purpose: string
  /** Default: 30 seconds, renewed every third of it. */
  readonly ttlMs?: number
}

const defaultTtlMs = 30_000

/**
 * Takes the lease when it is free or expired: one conditional UPDATE, or the INSERT of its first holder. Never a
 * look followed by a write, so of any number of takers exactly one has it.
 *
 * @throws AppError LEASE_HELD naming the holder, since when and for what
 */
export async function acquireLease(store: ControlStore, request: LeaseRequest): Promise<Lease> {
  const acquiredAt = store.clock.now()
  const expiresAt = new Date(acquiredAt.getTime() + (request.ttlMs ?? defaultTtlMs))
  const { name, holder, purpose } = request
  const token = randomUUID()
  const taken = await store.write(async (transaction) => {
    const data = { holder, purpose, token, acquiredAt, expiresAt, fencing: { increment: 1 } }
    const { count } = await transaction.lease.updateMany({ where: { name, expiresAt: { lte: acquiredAt } }, data })
    return count === 1
  })
  if (!taken) await insertFirst(store, { name, holder, purpose, token, acquiredAt, expiresAt, fencing: 1 })
  const row = await store.read.lease.findUnique({ where: { name } })
  if (row?.token !== token) throw leaseLost(name)
  return row
}

/**
 * Moves the expiry on. A holder that overslept keeps the lease as long as nobody else took it: its token is still there.
 *
 * @throws AppError LEASE_LOST when somebody else has taken it, or it was broken
 */
export async function renewLease(store: ControlStore, lease: Lease, ttlMs: number = defaultTtlMs): Promise<Lease> {
  const expiresAt = new Date(store.clock.now().getTime() + ttlMs)
  const { count } = await store.write((transaction) =>
    transaction.lease.updateMany({ where: { name: lease.name, token: lease.token }, data: { expiresAt } }),
  )
  if (count !== 1) throw leaseLost(lease.name)
  return { ...lease, expiresAt }
}

/** Gives the lease back; the row stays, so that the fencing number goes on rising. Nothing happens when it was lost. */
export async function releaseLease(store: ControlStore, lease: Lease): Promise<void> {
  await store.write((transaction) =>
    transaction.lease.updateMany({
      where: { name: lease.name, token: lease.token },
      data: { expiresAt: new Date(0), token: randomUUID() },
    }),
  )
}

/** Takes the lease away from a holder that is known to be dead. Its token stops working at once. */
export async function breakLease(store: ControlStore, name: string, deadHolder: string): Promise<boolean> {
  const { count } = await store.write((transaction) =>
    transaction.lease.updateMany({ where: { name, holder: deadHolder }, data: { expiresAt: new Date(0), token: randomUUID() } }),
  )
  return count === 1
}

/** Takes every lease away from a holder that is known to be dead. */
export async function breakLeasesOf(store: ControlStore, deadHolder: string): Promise<void> {
  await store.write((transaction) =>
    transaction.lease.updateMany({ where: { holder: deadHolder }, data: { expiresAt: new Date(0), token: randomUUID() } }),
  )
}

/** The holder now; null when it is free or expired. */
export async function readLease(store: ControlStore, name: string): Promise<Lease | null> {
  const row = await store.read.lease.findUnique({ where: { name } })
  return row && row.expiresAt > store.clock.now() ? row : null
}

/**
 * Does `work` while holding the lease, renewing it all along and giving it back after, whatever happens. The signal
 * given to `work` fires with `signal`, and with LEASE_LOST when the lease went to somebody else: stop then, at once.
 *
 * @throws AppError LEASE_HELD, and whatever `work` throws
 */
export async function withLease<T>(
  store: ControlStore,
  request: LeaseRequest,
  signal: AbortSignal,
  work: (signal: AbortSignal, lease: Lease) => Promise<T>,
): Promise<T> {
  const ttlMs = request.ttlMs ?? defaultTtlMs
  const lease = await acquireLease(store, request)
  const lost = new AbortController()
  const renewal = setInterval(() => {
    renewLease(store, lease, ttlMs).catch((error: unknown) => {
      // A store that cannot be reached is not a lost lease: the next beat tries again, and the expiry decides.
      if (error instanceof AppError && error.code === 'LEASE_LOST') lost.abort(error)
    })
  }, ttlMs / 3)
  try {
    return await work(AbortSignal.any([signal, lost.signal]), lease)
  } finally {
    clearInterval(renewal)
    await releaseLease(store, lease)
  }
}

/** LEASE_HELD in words for people: who holds it, since when, what for. */
export function leaseHeld(held: Pick<Lease, 'holder' | 'purpose' | 'acquiredAt'>): AppError {
  return new AppError({
    code: 'LEASE_HELD',
    operation: 'start an exclusive operation',
    subject: held.purpose,
    message: `Another operation is under way: ${held.purpose}, by ${held.holder}, since ${held.acquiredAt.toISOString()}.`,
    hint: 'Wait until it has ended, or cancel it on the Activity page, then try again.',
    retryable: true,
  })
}

async function insertFirst(store: ControlStore, row: Lease): Promise<void> {
  try {
    await store.write((transaction) => transaction.lease.create({ data: row }))
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const held = await store.read.lease.findUnique({ where: { name: row.name } })
    throw held ? leaseHeld(held) : error
  }
}

function leaseLost(name: string): AppError {
  return new AppError({
    code: 'LEASE_LOST',
    operation: 'hold the lease',
    subject: name,
    message: 'The lease was lost to another process; this operation has stopped.',
    hint: 'See on the Activity page what took over, and start again when it has ended.',
  })
}
