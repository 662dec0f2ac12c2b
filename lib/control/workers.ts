import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ControlStore } from './control-store'

export interface WorkerIdentity {
  readonly id: string
  /** Host and process number space: two containers of one name must not judge each other's process numbers. */
  readonly host: string
  readonly pid: number
  readonly version: string
}

export interface WorkerStatus {
  readonly alive: boolean
  readonly lastSeenAt: Date | null
}

/** A worker that was silent for so long counts as dead, wherever it runs. */
export const silentWorkerMs = 30_000
/** The same for one whose process exists: a long synchronous step (VACUUM INTO of a large file) stops its heart for a while. */
export const blockedWorkerMs = 10 * 60_000
/** The page says "no worker" after this silence; nothing is taken away from it yet. */
const unseenWorkerMs = 10_000

/** This machine, as Worker rows name it. */
export function describeHost(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

/** Enters the worker, alive now. */
export async function registerWorker(store: ControlStore, worker: WorkerIdentity): Promise<void> {
  const now = store.clock.now()
  await store.write((transaction) => transaction.worker.create({ data: { ...worker, startedAt: now, heartbeatAt: now } }))
}

export async function heartbeatWorker(store: ControlStore, id: string): Promise<void> {
  const heartbeatAt = store.clock.now()
  await store.write((transaction) => transaction.worker.updateMany({ where: { id }, data: { heartbeatAt } }))
}

/** Records a clean end: what it still holds may be taken over at once. */
export async function signOffWorker(store: ControlStore, id: string): Promise<void> {
  const stoppedAt = store.clock.now()
  await store.write((transaction) => transaction.worker.updateMany({ where: { id }, data: { stoppedAt } }))
}

/** Whether any worker is alive, and when one was last seen. */
export async function readWorkerStatus(store: ControlStore): Promise<WorkerStatus> {
  const latest = await store.read.worker.findFirst({ where: { stoppedAt: null }, orderBy: { heartbeatAt: 'desc' } })
  const seen = latest ?? (await store.read.worker.findFirst({ orderBy: { heartbeatAt: 'desc' } }))
  const silentMs = latest ? store.clock.now().getTime() - latest.heartbeatAt.getTime() : Number.POSITIVE_INFINITY
  const alive = latest !== null && (silentMs < unseenWorkerMs || (silentMs < blockedWorkerMs && processExists(latest)))
  return { alive, lastSeenAt: seen?.heartbeatAt ?? null }
}

/**
 * Which of these workers are dead: signed off, or gone from this host's process list, or silent for too long. A
 * process number says nothing about another host's worker; there only silence counts.
 */
export async function findDeadWorkers(store: ControlStore, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await store.read.worker.findMany({ where: { id: { in: [...ids] } } })
  const now = store.clock.now().getTime()
  const living = rows.filter((row) => {
    if (row.stoppedAt) return false
    const silentMs = now - row.heartbeatAt.getTime()
    if (row.host !== describeHost()) return silentMs < silentWorkerMs
    return processExists(row) && silentMs < blockedWorkerMs
  })
  const alive = new Set(living.map((row) => row.id))
  return new Set(ids.filter((id) => !alive.has(id)))
}

/** Whether the process of a worker on this host is there; false for another host's, about which nothing is known. */
function processExists(worker: { readonly host: string; readonly pid: number }): boolean {
  if (worker.host !== describeHost()) return false
  try {
    process.kill(worker.pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
