import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { readUnsettled } from '@/lib/control/exclusive'
import { acquireLease, databasesLease, readLease } from '@/lib/control/lease'
import { describeHost, readWorkerStatus } from '@/lib/control/workers'
import { AppError } from '@/lib/core/errors'
import { createLogger } from '@/lib/core/logger'
import { mayTakeUp, takeUpJob } from './interruption'
import { type JobKind, type JobStatus, jobPayloads } from './job'
import { readEvents } from './job-events'
import type { HandlerOutcome, JobContext, JobHandlers } from './job-handler'
import { type ClaimedJob, cancelJob, enqueueJob, getJob, retryJob } from './job-queue'
import { runWorker } from './worker-loop'

const requestedBy = 'admin@example.org'
const logger = createLogger('test', 'fatal')
const done = async (): Promise<HandlerOutcome> => ({ status: 'succeeded', result: null })
const waitForAbort = ({ signal }: JobContext) =>
  new Promise<HandlerOutcome>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

let folder: string
let store: ControlStore
let stopWorkers: () => Promise<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-worker-'))
  store = await openControlStore(join(folder, 'control.db'))
  stopWorkers = async () => undefined
})
afterEach(async () => {
  await stopWorkers()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('running', () => {
  it('stores what a job reports, in order, and its result', async () => {
    startWorker({
      verify: async (_payload, { report }) => {
        report({ type: 'plan', phases: ['counts'] })
        for (let row = 1; row <= 5_000; row++) report(progressOf(row))
        report({ type: 'log', level: 'info', message: 'all counted' })
        return { status: 'succeeded', result: { tables: 3 } }
      },
    })
    const { id } = await enqueue('verify')
    await untilStatus(id, 'succeeded')
    const events = (await readEvents(store, id, 0, 1_000)).map(({ event }) => event)
    expect(events.map((event) => event.type)).toEqual(['status', 'status', 'plan', 'progress', 'log', 'status'])
    // Five thousand reports became one event with the latest totals and every table that was named.
    expect(events[3]).toMatchObject({
      rowsDone: 5_000,
      tables: [{ table: 'odd' }, { table: 'even' }].map((table) => expect.objectContaining(table)),
    })
    expect((await getJob(store, id)).result).toEqual({ tables: 3 })
  })

  it('keeps at most five progress events a second', async () => {
    startWorker({
      verify: async (_payload, { report }) => {
        const end = Date.now() + 1_000
        for (let row = 1; Date.now() < end; row++) {
          report(progressOf(row))
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        return done()
      },
    })
    const { id } = await enqueue('verify')
    await untilStatus(id, 'succeeded')
    const progress = (await readEvents(store, id, 0, 1_000)).filter(({ event }) => event.type === 'progress')
    expect(progress.length).toBeGreaterThan(1)
    expect(progress.length).toBeLessThanOrEqual(6)
  })

  it('ends as failed with the code of what was thrown, and goes on with the next job', async () => {
    startWorker({
      verify: vi
        .fn()
        .mockRejectedValueOnce(new AppError({ code: 'TARGET_UNREACHABLE', message: 'away', hint: 'look' }))
        .mockImplementation(done),
    })
    const first = await enqueue('verify')
    await untilStatus(first.id, 'failed')
    expect((await getJob(store, first.id)).error).toMatchObject({ code: 'TARGET_UNREACHABLE', hint: 'look' })
    const second = await enqueue('verify')
    await untilStatus(second.id, 'succeeded')
  })
})

describe('a recovery that cannot succeed', () => {
  it('is said once, with what to do about it, and tried again until it does', async () => {
    const lines: string[] = []
    const file = { write: (line: string) => void lines.push(line) }
    let tries = 0
    const recover = async () => {
      tries += 1
      if (tries < 4) throw new AppError({ code: 'KEY_INVALID', message: 'Another NEXTAUTH_SECRET.', hint: 'Put the former one back.' })
      return null
    }
    startWorker({}, recover, createLogger('test', 'error', file))
    await vi.waitFor(() => expect(tries).toBe(4), { timeout: 30_000 })
    await stopWorkers()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('Put the former one back.')
  })
})

describe('a backup beside another job', () => {
  it('is made while a long one runs that leaves it its data, and nothing else is', async () => {
    let endLong: () => void = () => undefined
    const long = new Promise<void>((resolve) => {
      endLong = resolve
    })
    const started: string[] = []
    startWorker({
      maintain: async () => {
        started.push('maintain')
        await long
        return done()
      },
      backup: async () => {
        started.push('backup')
        return done()
      },
      verify: async () => {
        started.push('verify')
        return done()
      },
    })
    const maintenance = await enqueueJob(store, {
      kind: 'maintain',
      payload: jobPayloads.maintain.parse({ operation: 'routine' }),
      requestedBy,
    })
    await untilStatus(maintenance.id, 'running')
    const verification = await enqueue('verify')
    const backup = await enqueueBackup()
    await untilStatus(backup.id, 'succeeded')
    expect([(await getJob(store, maintenance.id)).status, (await getJob(store, verification.id)).status]).toEqual(['running', 'queued'])
    endLong()
    await untilStatus(verification.id, 'succeeded')
    expect(started).toEqual(['maintain', 'backup', 'verify'])
  })

  it('waits for one that does not', async () => {
    const order: string[] = []
    let endMigration: () => void = () => undefined
    const migrated = new Promise<void>((resolve) => {
      endMigration = resolve
    })
    startWorker({
      migrate: async () => {
        await migrated
        order.push('migrate')
        return done()
      },
      backup: async () => {
        order.push('backup')
        return done()
      },
    })
    const migration = await enqueue('migrate')
    await untilStatus(migration.id, 'running')
    const backup = await enqueueBackup()
    endMigration()
    await untilStatus(backup.id, 'succeeded')
    expect(order).toEqual(['migrate', 'backup'])
  })
})

describe('stopping', () => {
  it('cancels a running job within a second', async () => {
    startWorker({ migrate: (_payload, context) => waitForAbort(context) })
    const { id } = await enqueue('migrate')
    await untilStatus(id, 'running')
    const askedAt = Date.now()
    await cancelJob(store, id, requestedBy)
    await untilStatus(id, 'cancelled')
    expect(Date.now() - askedAt).toBeLessThan(1_000)
    expect((await getJob(store, id)).error).toMatchObject({ code: 'CANCELLED' })
  })

  it('marks the running job interrupted on shutdown, after it has put everything back', async () => {
    let hasPutBack = false
    const { stop } = startWorker({
      migrate: async (_payload, context) => {
        await waitForAbort(context).catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, 50))
        hasPutBack = true
        return { status: 'failed', error: { code: 'CANCELLED', message: 'stopped', retryable: false } }
      },
    })
    const { id } = await enqueue('migrate')
    await untilStatus(id, 'running')
    await stop()
    expect(hasPutBack).toBe(true)
    expect(await getJob(store, id)).toMatchObject({ status: 'interrupted', error: { code: 'INTERRUPTED', hint: expect.any(String) } })
    expect(await readUnsettled(store)).toBeNull()
    expect(await readWorkerStatus(store)).toMatchObject({ alive: false })
  })
})

describe('recovery', () => {
  it('comes before every claim after an exclusive job threw, and is repeated until it succeeds', async () => {
    const order: string[] = []
    const recover = vi.fn(async () => {
      order.push('recover')
      // The first is the one at the worker's start.
      if (recover.mock.calls.length === 2) throw new Error('PostgreSQL is away')
      return null
    })
    const migrate = vi.fn(async () => {
      order.push('migrate')
      if (migrate.mock.calls.length === 1) throw new Error('crashed in the middle')
      return done()
    })
    startWorker({ migrate }, recover)
    const first = await enqueue('migrate')
    await untilStatus(first.id, 'failed')
    const second = await retryJob(store, first.id, requestedBy)
    await untilStatus(second.id, 'succeeded')
    expect(order).toEqual(['recover', 'migrate', 'recover', 'recover', 'migrate'])
    expect(await readUnsettled(store)).toBeNull()
  })

  it('follows a worker that was killed: its job is interrupted, the databases recovered, the job offered again', async () => {
    const { id } = await enqueue('migrate')
    const victim = startWorkerProcess(store.path)
    await untilStatus(id, 'running')
    // The lease is taken, and then the mark is set, just after the claim.
    await vi.waitFor(async () => expect(await readUnsettled(store)).toMatchObject({ holder: 'worker victim' }), { timeout: 5_000 })
    expect(await readLease(store, databasesLease)).toMatchObject({ holder: 'worker victim' })
    victim.kill('SIGKILL')
    await new Promise((resolve) => victim.once('exit', resolve))
    // What the job's own work held, such as the lease of the backups.
    await acquireLease(store, { name: 'backups', holder: `job ${id}`, purpose: 'backup' })
    const recover = vi.fn(async () => {
      expect(await readLease(store, 'backups')).toBeNull()
      expect((await getJob(store, id)).status).toBe('interrupted')
      expect(await readUnsettled(store)).not.toBeNull()
      return null
    })
    startWorker({ migrate: done }, recover)
    await untilStatus(id, 'interrupted')
    expect((await getJob(store, id)).error).toMatchObject({ code: 'INTERRUPTED', hint: expect.any(String) })
    await vi.waitFor(() => expect(recover).toHaveBeenCalledOnce())
    const again = await retryJob(store, id, requestedBy)
    await untilStatus(again.id, 'succeeded')
    expect(again.retryOfId).toBe(id)
  })

  it('takes the job of a killed worker up again when recovery says so: the same job, its next attempt, the events numbered on', async () => {
    const { id } = await enqueue('migrate')
    await killWorkerOf(id)
    const migrate = vi.fn(done)
    startWorker({ migrate }, (workerId) => takeUpJob(store, id, workerId))
    await untilStatus(id, 'succeeded')
    expect(await getJob(store, id)).toMatchObject({ attempt: 2, error: null, retryOfId: null })
    expect(migrate).toHaveBeenCalledOnce()
    const events = await readEvents(store, id, 0, 100)
    expect(events.map(({ event }) => (event.type === 'status' ? `${event.status} ${event.attempt ?? ''}`.trim() : ''))).toEqual([
      'queued',
      'running 1',
      'interrupted',
      'running 2',
      'succeeded',
    ])
    expect(events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5])
  })

  it('does not take up what somebody wished to cancel', async () => {
    const { id } = await enqueue('migrate')
    await killWorkerOf(id, () => cancelJob(store, id, requestedBy))
    const recover = vi.fn(async (workerId: string) => {
      expect(await mayTakeUp(store, id)).toBe(false)
      expect(await takeUpJob(store, id, workerId)).toBeNull()
    })
    startWorker({}, async (workerId) => {
      await recover(workerId)
      return null
    })
    await vi.waitFor(() => expect(recover).toHaveBeenCalled(), { timeout: 5_000 })
    await untilStatus(id, 'interrupted')
  })

  it('leaves the job of a living worker alone', async () => {
    const { id } = await enqueue('migrate')
    const other = startWorkerProcess(store.path)
    try {
      await untilStatus(id, 'running')
      // The lease is taken just after the claim.
      await vi.waitFor(async () => expect(await readLease(store, databasesLease)).toMatchObject({ holder: 'worker victim' }), {
        timeout: 5_000,
      })
      const recover = vi.fn(async () => null)
      startWorker({ verify: done }, recover)
      const { id: verifyId } = await enqueue('verify')
      await untilStatus(verifyId, 'succeeded')
      expect((await getJob(store, id)).status).toBe('running')
      expect(recover).not.toHaveBeenCalled()
    } finally {
      other.kill('SIGKILL')
    }
  })
})

function enqueue(kind: Extract<JobKind, 'migrate' | 'verify'>) {
  const target = { sealedUrl: 'v1.sealed', label: 'app@db:5432/app' }
  return kind === 'verify'
    ? enqueueJob(store, { kind, payload: {}, requestedBy })
    : enqueueJob(store, { kind, payload: { target, setAside: false }, requestedBy })
}

function enqueueBackup() {
  return enqueueJob(store, { kind: 'backup', payload: jobPayloads.backup.parse({}), requestedBy })
}

type Recover = (workerId: string) => Promise<ClaimedJob | null>

function startWorker(handlers: Partial<JobHandlers>, recoverAll: Recover = async () => null, log = logger) {
  const shutdown = new AbortController()
  const identity = { id: `w-${Math.random()}`, host: describeHost(), pid: process.pid, version: 'test' }
  const all: JobHandlers = {
    preflight: done,
    migrate: done,
    verify: done,
    recopy: done,
    functions: done,
    cutover: done,
    discard: done,
    rollback: done,
    forward: done,
    forget: done,
    finish: done,
    backup: done,
    trial: done,
    copy: done,
    import: done,
    maintain: done,
    restore: done,
    ...handlers,
  }
  const recover = () => recoverAll(identity.id)
  const running = runWorker({ store, identity, handlers: all, recover, logger: log, pollMs: 20 }, shutdown.signal)
  const stop = async () => {
    shutdown.abort()
    await running
  }
  stopWorkers = stop
  return { stop }
}

/** Lets a worker of its own process claim the job, and kills it. */
async function killWorkerOf(id: string, before: () => Promise<unknown> = async () => undefined): Promise<void> {
  const victim = startWorkerProcess(store.path)
  await untilStatus(id, 'running')
  await vi.waitFor(async () => expect(await readUnsettled(store)).toMatchObject({ holder: 'worker victim' }), { timeout: 5_000 })
  await before()
  const exited = new Promise((resolve) => victim.once('exit', resolve))
  victim.kill('SIGKILL')
  await exited
}

/** A worker in a process of its own, whose migrate job never ends. */
function startWorkerProcess(path: string): ChildProcess {
  const script = `
    import { openControlStore } from '@/lib/control/control-store'
    import { describeHost } from '@/lib/control/workers'
    import { createLogger } from '@/lib/core/logger'
    import { runWorker } from '@/lib/jobs/worker-loop'
    const store = await openControlStore(${JSON.stringify(path)})
    const forever = () => new Promise((resolve) => setTimeout(resolve, 600_000))
    const handlers = { migrate: forever, verify: forever, cutover: forever, discard: forever, rollback: forever }
    const identity = { id: 'victim', host: describeHost(), pid: process.pid, version: 'test' }
    await runWorker({ store, identity, handlers, recover: async () => {}, logger: createLogger('victim', 'fatal') }, new AbortController().signal)`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], { stdio: ['ignore', 'inherit', 'inherit'] })
}

async function untilStatus(id: string, status: JobStatus): Promise<void> {
  await vi.waitFor(async () => expect((await getJob(store, id)).status).toBe(status), { timeout: 30_000, interval: 20 })
}

function progressOf(row: number) {
  const table = { table: row % 2 ? 'odd' : 'even', state: 'running', rowsDone: row, rowsTotal: null, rowsPerSecond: null } as const
  const totals = { rowsDone: row, rowsTotal: null, bytesDone: null, rowsPerSecond: null, remainingMs: null }
  return { type: 'progress' as const, phase: 'counts', tables: [table], ...totals }
}
