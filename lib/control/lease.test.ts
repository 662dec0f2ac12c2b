import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ControlStore, openControlStore } from './control-store'
import { readUnsettled, withExclusive } from './exclusive'
import { acquireLease, breakLease, readLease, releaseLease, renewLease, withLease } from './lease'

let folder: string
let store: ControlStore
let now: Date
const never = new AbortController().signal
const request = (holder: string) => ({ name: 'databases', holder, purpose: `migrate by ${holder}`, ttlMs: 30_000 })
const passMs = (ms: number) => {
  now = new Date(now.getTime() + ms)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-lease-'))
  now = new Date('2030-01-01T00:00:00Z')
  store = await openControlStore(join(folder, 'control.db'), { clock: { now: () => now } })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('taking', () => {
  it('lets exactly one of twenty takers have it, from four stores, on the first time and after an expiry', async () => {
    const others = await Promise.all([1, 2, 3].map(() => openControlStore(store.path, { clock: store.clock })))
    const stores = [store, ...others]
    for (const fencing of [1, 2]) {
      const takers = Array.from({ length: 20 }, (_, index) => acquireLease(stores[index % 4] ?? store, request(`taker ${index}`)))
      const results = await Promise.allSettled(takers)
      const taken = results.filter((result) => result.status === 'fulfilled')
      expect(taken).toHaveLength(1)
      expect(taken[0]?.value.fencing).toBe(fencing)
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'LEASE_HELD', retryable: true })
      passMs(30_001)
    }
    await Promise.all(others.map((other) => other.close()))
  })

  it('names holder, purpose and time to whoever is refused', async () => {
    await acquireLease(store, request('worker 7'))
    await expect(acquireLease(store, request('worker 8'))).rejects.toMatchObject({
      message: 'Another operation is under way: migrate by worker 7, by worker 7, since 2030-01-01T00:00:00.000Z.',
    })
  })
})

describe('holding', () => {
  it('renews past the first expiry, and loses nothing by oversleeping while nobody else took it', async () => {
    const lease = await acquireLease(store, request('a'))
    passMs(40_000)
    expect(await readLease(store, 'databases')).toBeNull()
    await renewLease(store, lease)
    expect(await readLease(store, 'databases')).toMatchObject({ holder: 'a', fencing: 1 })
  })

  it('is over for a stale holder: it can neither renew nor release what another has taken', async () => {
    const stale = await acquireLease(store, request('a'))
    passMs(30_001)
    const fresh = await acquireLease(store, request('b'))
    expect(fresh.fencing).toBe(stale.fencing + 1)
    await expect(renewLease(store, stale)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await releaseLease(store, stale)
    expect(await readLease(store, 'databases')).toMatchObject({ holder: 'b' })
  })

  it('ends when it is broken, for the named holder alone', async () => {
    const lease = await acquireLease(store, request('dead'))
    expect(await breakLease(store, 'databases', 'somebody else')).toBe(false)
    expect(await breakLease(store, 'databases', 'dead')).toBe(true)
    await expect(renewLease(store, lease)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await expect(acquireLease(store, request('b'))).resolves.toMatchObject({ fencing: 2 })
  })
})

describe('withLease', () => {
  it('gives it back when the work throws, and goes on counting', async () => {
    await expect(withLease(store, request('a'), never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect((await acquireLease(store, request('b'))).fencing).toBe(2)
  })

  it('tells the work with LEASE_LOST when somebody took over', async () => {
    const work = withLease(store, { ...request('a'), ttlMs: 60 }, never, async (signal) => {
      await breakLease(store, 'databases', 'a')
      await vi.waitFor(() => expect(signal.aborted).toBe(true))
      return signal.reason
    })
    await expect(work).resolves.toMatchObject({ code: 'LEASE_LOST' })
  })
})

describe('withExclusive', () => {
  it('leaves no mark after a clean end, and leaves it when the work throws', async () => {
    await withExclusive(store, request('a'), never, async () => {
      expect(await readUnsettled(store)).toMatchObject({ holder: 'a', fencing: 1 })
    })
    expect(await readUnsettled(store)).toBeNull()
    await expect(withExclusive(store, request('b'), never, () => Promise.reject(new Error('broken')))).rejects.toThrow()
    expect(await readUnsettled(store)).toMatchObject({ holder: 'b' })
  })

  it('never clears the mark of a successor', async () => {
    await withExclusive(store, request('slow'), never, async () => {
      passMs(30_001)
      const successor = withExclusive(store, request('next'), never, () => Promise.reject(new Error('crashed')))
      await expect(successor).rejects.toThrow('crashed')
    })
    expect(await readUnsettled(store)).toMatchObject({ holder: 'next' })
  })
})
