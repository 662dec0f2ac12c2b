import { spawn } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase, readActiveState, transitionActiveDatabase } from './active-database'
import { listAudit, recordAudit } from './audit'
import { openControlStore } from './control-store'
import { openSecret, sealSecret } from './secrets'

let folder: string
const path = () => join(folder, 'deep', 'control.db')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-control-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the state, asked often', () => {
  it('is that of whichever process changed it last, and the same object while nobody does', async () => {
    const [store, other] = [await openControlStore(path()), await openControlStore(path())]
    expect(readActiveState(store)).toEqual({ status: 'on-sqlite' })
    await initialiseActiveDatabase(other, { status: 'on-sqlite' }, 'other')
    const target = { sealedUrl: 'sealed', label: 'target' }
    const moved = { status: 'on-postgresql', jobId: 'job', target, since: '2026-01-01T00:00:00.000Z' } as const
    await transitionActiveDatabase(other, { from: 1, to: moved, actor: 'other' })
    expect(readActiveState(store)).toEqual(moved)
    expect(readActiveState(store)).toBe(readActiveState(store))
    await transitionActiveDatabase(store, { from: 2, to: { status: 'on-sqlite' }, actor: 'this one' })
    expect([readActiveState(store), readActiveState(other)]).toEqual([{ status: 'on-sqlite' }, { status: 'on-sqlite' }])
    await Promise.all([store.close(), other.close()])
  })
})

describe('opening', () => {
  it('works when several processes, and several callers in each, open a new store at the same moment', async () => {
    const script = `
      import { openControlStore } from '@/lib/control/control-store'
      import { recordAudit } from '@/lib/control/audit'
      const stores = await Promise.all([1, 2].map(() => openControlStore(${JSON.stringify(path())})))
      for (const store of stores) await recordAudit(store, { actor: String(process.pid), action: 'opened', subject: 'store' })
      for (const store of stores) await store.close()`
    const statuses = await Promise.all([1, 2, 3].map(() => runNode(script)))
    expect(statuses).toEqual([0, 0, 0])
    const store = await openControlStore(path())
    expect(await listAudit(store, 10)).toHaveLength(6)
    await store.close()
  })

  it('makes the file readable by its owner alone', async () => {
    await (await openControlStore(path())).close()
    expect((await stat(path())).mode & 0o077).toBe(0)
  })

  it('says what is wrong with a file that is not a database', async () => {
    const file = join(folder, 'letter.db')
    await writeFile(file, 'Dear reader, this is not a database, however long it may be. '.repeat(50))
    await expect(openControlStore(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject: file,
      hint: expect.stringContaining('CONTROL_DATABASE_URL'),
    })
  })

  it('refuses to write through the reading connection', async () => {
    const store = await openControlStore(path())
    await expect(store.read.setting.create({ data: { key: 'a', value: '1', updatedAt: new Date() } })).rejects.toThrow()
    await store.close()
  })

  it('shows readers nothing of a transaction that fails', async () => {
    const store = await openControlStore(path())
    const write = store.write(async (transaction) => {
      await transaction.setting.create({ data: { key: 'a', value: '1', updatedAt: new Date() } })
      expect(await store.read.setting.findUnique({ where: { key: 'a' } })).toBeNull()
      throw new Error('changed my mind')
    })
    await expect(write).rejects.toThrow('changed my mind')
    expect(await store.read.setting.count()).toBe(0)
    await store.close()
  })
})

describe('the active database', () => {
  const target = { sealedUrl: 'v1.sealed', label: 'app@db:5432/app' }
  const since = '2030-01-01T00:00:00.000Z'

  it('changes by compare and set: of many transitions from one version one happens', async () => {
    const store = await openControlStore(path())
    const { version } = await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'start')
    const to = (jobId: string) => ({ status: 'migrating', jobId, target, since }) as const
    const tries = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => transitionActiveDatabase(store, { from: version, to: to(`job ${index}`), actor: 'test' })),
    )
    expect(tries.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1)
    for (const attempt of tries) if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ code: 'STATE_CONFLICT' })
    expect(await readActiveDatabase(store)).toMatchObject({ version: version + 1, state: { status: 'migrating' } })
    const changes = (await listAudit(store, 50)).filter((entry) => entry.action === 'state.changed')
    expect(changes).toHaveLength(2)
    await store.close()
  })

  it('keeps what is recorded when it is initialised again, by several at once too', async () => {
    const store = await openControlStore(path())
    const states = await Promise.all([1, 2, 3].map((by) => initialiseActiveDatabase(store, { status: 'on-sqlite' }, `start ${by}`)))
    expect(new Set(states.map((state) => state.version))).toEqual(new Set([1]))
    const again = await initialiseActiveDatabase(store, { status: 'on-postgresql', jobId: null, target, since }, 'start')
    expect(again.state).toEqual({ status: 'on-sqlite' })
    await store.close()
  })
})

describe('secrets', () => {
  const master = 'a master secret of thirty-two characters and more'

  it('open with the same master only, and seal to another text each time', () => {
    const url = 'postgresql://app:hünter2@db/app'
    const sealed = sealSecret(url, master)
    expect(sealed).not.toContain('nter2')
    expect(sealSecret(url, master)).not.toBe(sealed)
    expect(openSecret(sealed, master)).toBe(url)
    expect(() => openSecret(sealed, `${master}!`)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  })

  it('do not open when a single character was changed', () => {
    const sealed = sealSecret('text', master)
    for (const index of [3, 10, 25, sealed.length - 2]) {
      const changed = sealed.slice(0, index) + (sealed[index] === 'A' ? 'B' : 'A') + sealed.slice(index + 1)
      expect(() => openSecret(changed, master)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
    }
  })
})

describe('the audit log', () => {
  it('censors what looks like a secret', async () => {
    const store = await openControlStore(path())
    const detail = { targetPassword: 'hunter2', url: 'postgresql://app:hunter2@db/app', rows: 3 }
    await recordAudit(store, { actor: 'admin@example.org', action: 'test', subject: 'to postgres://u:hunter2@h/d', detail })
    const [entry] = await listAudit(store, 1)
    expect(JSON.stringify(entry)).not.toContain('hunter2')
    expect(entry?.detail).toEqual({ targetPassword: '[redacted]', url: 'postgresql://app:[redacted]@db/app', rows: 3 })
    await store.close()
  })
})

async function runNode(script: string): Promise<number | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve) => child.once('exit', resolve))
}
