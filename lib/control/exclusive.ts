import { z } from 'zod'
import type { ControlStore } from './control-store'
import { type Lease, type LeaseRequest, withLease } from './lease'

/** An exclusive operation that began and did not report a clean end. */
export const unsettledSchema = z.object({
  purpose: z.string(),
  holder: z.string(),
  fencing: z.number().int(),
  since: z.iso.datetime(),
})
export type Unsettled = z.infer<typeof unsettledSchema>

const settingKey = 'databases.unsettled'

/**
 * Does `work` under the lease with a mark in the store that stands while it runs. When `work` returns, the databases
 * are in a stable state and the mark goes; when it throws, or its process dies at any point, the mark stays, and a
 * worker brings the databases back to a stable state before anything else is started.
 *
 * @throws AppError LEASE_HELD, and whatever `work` throws
 */
export function withExclusive<T>(
  store: ControlStore,
  request: LeaseRequest,
  signal: AbortSignal,
  work: (signal: AbortSignal, lease: Lease) => Promise<T>,
): Promise<T> {
  return withLease(store, request, signal, async (held, lease) => {
    await markUnsettled(store, lease)
    const result = await work(held, lease)
    await clearUnsettled(store, lease)
    return result
  })
}

/** The operation whose outcome is not known to be clean: still running, or dead. Null when there is none. */
export async function readUnsettled(store: ControlStore): Promise<Unsettled | null> {
  const row = await store.read.setting.findUnique({ where: { key: settingKey } })
  return row ? unsettledSchema.parse(JSON.parse(row.value)) : null
}

async function markUnsettled(store: ControlStore, lease: Lease): Promise<void> {
  const updatedAt = store.clock.now()
  const mark: Unsettled = { purpose: lease.purpose, holder: lease.holder, fencing: lease.fencing, since: updatedAt.toISOString() }
  const data = { value: JSON.stringify(mark), updatedAt }
  await store.write((transaction) =>
    transaction.setting.upsert({ where: { key: settingKey }, create: { key: settingKey, ...data }, update: data }),
  )
}

/** Takes the mark away while the lease is still ours; a holder that lost it must not clear its successor's mark. */
async function clearUnsettled(store: ControlStore, lease: Lease): Promise<void> {
  await store.write(async (transaction) => {
    const { count } = await transaction.lease.updateMany({
      where: { name: lease.name, token: lease.token },
      data: { holder: lease.holder },
    })
    if (count === 1) await transaction.setting.deleteMany({ where: { key: settingKey } })
  })
}
