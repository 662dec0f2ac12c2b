import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { acquireLease, databasesLease } from '@/lib/control/lease'
import { sealSecret } from '@/lib/control/secrets'
import type { JobEvent } from './job'
import { appendEvents, readEvents } from './job-events'
import { cancelJob, claimJob, enqueueJob, findActiveJob, finishJob, getJob, heartbeatJob, listJobs, retryJob } from './job-queue'

const secret = 'a secret of at least thirty-two characters'
const target = { sealedUrl: sealSecret('postgresql://app:hunter2@db:5432/app', secret), label: 'app@db:5432/app' }
const requestedBy = 'admin@example.org'
const enqueueVerify = () => enqueueJob(store, { kind: 'verify', payload: {}, requestedBy })
const enqueueMigrate = () => enqueueJob(store, { kind: 'migrate', payload: { target, setAside: false }, requestedBy })
const progress = (rowsDone: number): JobEvent => ({
  type: 'progress',
  phase: 'copy',
  tables: [],
  rowsDone,
  rowsTotal: null,
  bytesDone: null,
  rowsPerSecond: null,
  remainingMs: null,
})

let folder: string
let store: ControlStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-jobs-'))
  store = await openControlStore(join(folder, 'control.db'))
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('claiming', () => {
  it('gives each job to one of several processes that claim at once', async () => {
    for (let index = 0; index < 30; index++) await enqueueVerify()
    const answers = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((id) => claimEverything(store.path, id)))
    const claimed = answers.flat()
    expect(claimed).toHaveLength(30)
    expect(new Set(claimed).size).toBe(30)
    const jobs = (await listJobs(store, { limit: 100 })).jobs
    expect(jobs.every((job) => job.status === 'running' && job.attempt === 1)).toBe(true)
  })

  it('takes the oldest first and answers null on an empty queue', async () => {
    const first = await enqueueVerify()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await enqueueVerify()
    expect((await claimJob(store, 'w'))?.hold.jobId).toBe(first.id)
    await claimJob(store, 'w')
    expect(await claimJob(store, 'w')).toBeNull()
  })
})

describe('events', () => {
  it('are numbered without gap when many append at once, from two stores', async () => {
    const { id } = await enqueueVerify()
    const { hold } = (await claimJob(store, 'w')) ?? expect.fail('no job')
    const other = await openControlStore(store.path)
    const appends = Array.from({ length: 40 }, (_, index) =>
      appendEvents(
        index % 2 ? store : other,
        hold,
        [1, 2, 3].map((part) => ({ at: new Date(), event: progress(index * 10 + part) })),
      ),
    )
    await Promise.all(appends)
    await other.close()
    const events = await readEvents(store, id, 0, 1_000)
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 122 }, (_, index) => index + 1))
    expect((await getJob(store, id)).lastEventSeq).toBe(122)
  })

  it('are refused once the job has ended, and none of the batch is kept', async () => {
    const { id } = await enqueueVerify()
    const { hold } = (await claimJob(store, 'w')) ?? expect.fail('no job')
    await finishJob(store, hold, { status: 'succeeded', result: { fine: true } })
    await expect(appendEvents(store, hold, [{ at: new Date(), event: progress(1) }])).rejects.toMatchObject({ code: 'LEASE_LOST' })
    const events = await readEvents(store, id, 0, 100)
    expect(events.map(({ event }) => (event.type === 'status' ? event.status : event.type))).toEqual(['queued', 'running', 'succeeded'])
  })
})

describe('ending', () => {
  it('happens once: of two ends the second is refused', async () => {
    await enqueueVerify()
    const { hold } = (await claimJob(store, 'w')) ?? expect.fail('no job')
    const ends = await Promise.allSettled([
      finishJob(store, hold, { status: 'succeeded', result: 1 }),
      finishJob(store, hold, { status: 'failed', error: { code: 'INTERNAL', message: 'x', retryable: false } }),
    ])
    expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected'])
    await expect(heartbeatJob(store, hold)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })
})

describe('cancelling', () => {
  it('ends a queued job at once', async () => {
    const { id } = await enqueueMigrate()
    expect((await cancelJob(store, id, requestedBy)).status).toBe('cancelled')
    expect(await claimJob(store, 'w')).toBeNull()
    expect(await findActiveJob(store)).toBeNull()
  })

  it('asks a running job to stop, which its heartbeat tells', async () => {
    const { id } = await enqueueVerify()
    const { hold } = (await claimJob(store, 'w')) ?? expect.fail('no job')
    expect(await heartbeatJob(store, hold)).toEqual({ cancelRequested: false })
    const view = await cancelJob(store, id, requestedBy)
    expect(view.status).toBe('running')
    expect(view.cancelRequestedAt).not.toBeNull()
    expect(await heartbeatJob(store, hold)).toEqual({ cancelRequested: true })
  })

  it('never leaves a job both claimed and cancelled when both happen at once', async () => {
    for (let round = 0; round < 15; round++) {
      const { id } = await enqueueVerify()
      const [claimed, cancelled] = await Promise.all([claimJob(store, 'w'), cancelJob(store, id, requestedBy)])
      if (claimed) {
        expect((await getJob(store, id)).cancelRequestedAt).not.toBeNull()
        await finishJob(store, claimed.hold, { status: 'succeeded', result: null })
      } else expect(cancelled.status).toBe('cancelled')
    }
  })
})

describe('exclusive jobs', () => {
  it('are refused while another waits or runs: of twenty at once one is queued', async () => {
    const requests = await Promise.allSettled(Array.from({ length: 20 }, enqueueMigrate))
    expect(requests.filter((request) => request.status === 'fulfilled')).toHaveLength(1)
    for (const request of requests) {
      if (request.status === 'rejected')
        expect(request.reason).toMatchObject({ code: 'LEASE_HELD', message: expect.stringContaining(requestedBy) })
    }
    await expect(enqueueVerify()).resolves.toMatchObject({ status: 'queued' })
  })

  it('are refused while the command line holds the lease', async () => {
    await acquireLease(store, { name: databasesLease, holder: 'command line, process 7', purpose: 'rollback' })
    await expect(enqueueMigrate()).rejects.toMatchObject({
      code: 'LEASE_HELD',
      message: expect.stringContaining('command line, process 7'),
    })
  })
})

describe('retrying', () => {
  it('makes a new job that names the old one, and only of one that did not end well', async () => {
    const { id } = await enqueueMigrate()
    await expect(retryJob(store, id, requestedBy)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await cancelJob(store, id, requestedBy)
    const again = await retryJob(store, id, 'other@example.org')
    expect(again).toMatchObject({ retryOfId: id, status: 'queued', requestedBy: 'other@example.org', targetLabel: target.label })
    expect(again.id).not.toBe(id)
  })
})

describe('what is shown and kept', () => {
  it('pages through jobs, newest first, without missing or repeating one', async () => {
    for (let index = 0; index < 7; index++) await enqueueVerify()
    const seen: string[] = []
    for (let before: string | undefined; ; ) {
      const page = await listJobs(store, { limit: 3, before })
      seen.push(...page.jobs.map((job) => job.id))
      if (page.nextBefore === null) break
      before = page.nextBefore
    }
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(7)
  })

  it('holds no password: not in the view, the events, or the audit log', async () => {
    const { id } = await enqueueMigrate()
    const view = await getJob(store, id)
    const kept = JSON.stringify([view, await readEvents(store, id, 0, 10), await listAudit(store, 10)])
    expect(kept).not.toContain('hunter2')
    expect(kept).not.toContain(target.sealedUrl)
    expect(await listAudit(store, 10)).toMatchObject([{ action: 'job.requested', actor: requestedBy, subject: id }])
  })
})

/** Claims until the queue is empty, in a process of its own; answers the ids. */
async function claimEverything(path: string, workerId: string): Promise<string[]> {
  const script = `
    import { openControlStore } from '@/lib/control/control-store'
    import { claimJob } from '@/lib/jobs/job-queue'
    const store = await openControlStore(${JSON.stringify(path)})
    const ids = []
    for (let job; (job = await claimJob(store, ${JSON.stringify(workerId)})); ) ids.push(job.hold.jobId)
    await store.close()
    console.log(JSON.stringify(ids))`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout) output += String(chunk)
  // Parsed from our own script's one line.
  return JSON.parse(output) as string[]
}
