import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { transitionActiveDatabase } from '@/lib/control/active-database'
import { listAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createLogger } from '@/lib/core/logger'
import { checkCron, nextRuns } from './cron-times'
import { claimJob, finishJob, getJob, listJobs } from './job-queue'
import { queueDueJobs } from './run-schedules'
import { listSchedules, removeSchedule, saveSchedule } from './schedule-store'

const logger = createLogger('test', 'fatal')
const actor = 'admin@example.org'
const nightly = { kind: 'verify', payload: {}, cron: '0 3 * * *', zone: 'UTC', enabled: true } as const

let folder: string
let store: ControlStore
let now: Date

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-schedules-'))
  now = new Date('2026-05-10T12:00:00Z')
  store = await openControlStore(join(folder, 'control.db'), { clock: { now: () => now } })
  const target = { sealedUrl: 'sealed', label: 'app@db:5432/app' }
  await transitionActiveDatabase(store, { from: 0, to: { status: 'on-sqlite' }, actor })
  const to = { status: 'ready-to-switch', jobId: 'j', target, since: now.toISOString() } as const
  await transitionActiveDatabase(store, { from: 1, to, actor })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the times of a cron expression', () => {
  const times = (cron: string, zone: string, from: string, count: number) =>
    nextRuns(cron, zone, new Date(from), count).map((run) => run.toISOString())

  it('are local ones, before and after a change of the clocks', () => {
    expect(times('0 3 * * *', 'Europe/Paris', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T02:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T01:00:00.000Z',
    ])
  })

  it('come once on the day that skips them, and once on the day that has them twice', () => {
    const spring = times('30 2 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', 2)
    expect(spring.filter((run) => run.startsWith('2026-03-29'))).toHaveLength(1)
    expect(spring[1]).toBe('2026-03-30T00:30:00.000Z')
    const autumn = times('30 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', 2)
    expect(autumn.filter((run) => run.startsWith('2026-10-25'))).toHaveLength(1)
    expect(autumn[1]).toBe('2026-10-26T01:30:00.000Z')
  })

  it.each([
    ['every night', 'UTC'],
    ['0 3 * *', 'UTC'],
    ['* * * * * *', 'UTC'],
    ['0 3 31 2 *', 'UTC'],
    ['0 3 * * *', 'Europe/Nowhere'],
    ['* * * * *', 'UTC'],
    ['0,1 3 * * *', 'UTC'],
  ])('are refused for %j in %s', (cron, zone) => {
    expect(() => checkCron(cron, zone, new Date('2026-01-01T00:00:00Z'))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

describe('a schedule', () => {
  it('queues its job when it is due, once, also with several workers and after days without one', async () => {
    const { id } = await saveSchedule(store, nightly, actor)
    expect(await queueDueJobs(store, logger)).toEqual([])
    now = new Date('2026-05-14T03:00:05Z')
    const other = await openControlStore(store.path, { clock: { now: () => now } })
    const queued = (await Promise.all([store, other, store, other].map((each) => queueDueJobs(each, logger)))).flat()
    await other.close()
    expect(queued).toHaveLength(1)
    const job = await getJob(store, queued[0] ?? '')
    expect(job).toMatchObject({ kind: 'verify', status: 'queued', requestedBy: `schedule of ${actor}` })
    expect((await listSchedules(store))[0]).toMatchObject({
      id,
      lastJobId: job.id,
      lastSkip: null,
      lastRunAt: '2026-05-14T03:00:05.000Z',
      nextRunAt: '2026-05-15T03:00:00.000Z',
    })
    expect(await queueDueJobs(store, logger)).toEqual([])
  })

  it('planned by a clock that was years ahead runs again tonight; a small correction repeats nothing', async () => {
    now = new Date('2031-01-01T12:00:00Z')
    await saveSchedule(store, nightly, actor)
    now = new Date('2026-05-11T12:00:00Z')
    expect(await queueDueJobs(store, logger)).toEqual([])
    expect((await listSchedules(store))[0]?.nextRunAt).toBe('2026-05-12T03:00:00.000Z')
    now = new Date('2026-05-12T03:00:01Z')
    expect(await queueDueJobs(store, logger)).toHaveLength(1)
    now = new Date('2026-05-12T02:59:59Z')
    expect(await queueDueJobs(store, logger)).toEqual([])
    expect((await listSchedules(store))[0]?.nextRunAt).toBe('2026-05-13T03:00:00.000Z')
  })

  it('skips a run while the one before has not ended, and says so', async () => {
    await saveSchedule(store, nightly, actor)
    now = new Date('2026-05-11T03:00:00Z')
    await queueDueJobs(store, logger)
    for (const day of ['12', '13']) {
      now = new Date(`2026-05-${day}T03:00:00Z`)
      expect(await queueDueJobs(store, logger)).toEqual([])
      expect((await listSchedules(store))[0]).toMatchObject({ lastSkip: 'still-running', lastRunAt: now.toISOString() })
    }
    const { hold } = (await claimJob(store, 'w')) ?? expect.fail('no job')
    await finishJob(store, hold, { status: 'succeeded', result: null })
    now = new Date('2026-05-14T03:00:00Z')
    expect(await queueDueJobs(store, logger)).toHaveLength(1)
  })

  it('skips a run when the app is in no state for it', async () => {
    await saveSchedule(store, nightly, actor)
    await transitionActiveDatabase(store, { from: 2, to: { status: 'on-sqlite' }, actor })
    now = new Date('2026-05-11T03:00:00Z')
    expect(await queueDueJobs(store, logger)).toEqual([])
    expect((await listSchedules(store))[0]?.lastSkip).toBe('wrong-state')
    expect((await listJobs(store, { limit: 10 })).jobs).toEqual([])
  })

  it('does not run what was missed while it was switched off', async () => {
    const { id } = await saveSchedule(store, { ...nightly, enabled: false }, actor)
    now = new Date('2026-05-20T10:00:00Z')
    expect(await queueDueJobs(store, logger)).toEqual([])
    const saved = await saveSchedule(store, nightly, actor, id)
    expect(saved.nextRuns).toEqual(['2026-05-21T03:00:00.000Z', '2026-05-22T03:00:00.000Z', '2026-05-23T03:00:00.000Z'])
    expect(await queueDueJobs(store, logger)).toEqual([])
  })

  it('is refused when wrong, removed when asked, and each change is in the audit log', async () => {
    await expect(saveSchedule(store, { ...nightly, cron: 'soon' }, actor)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    const { id } = await saveSchedule(store, nightly, actor)
    await expect(saveSchedule(store, nightly, actor, 'unknown')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await removeSchedule(store, id, actor)
    await expect(removeSchedule(store, id, actor)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await listSchedules(store)).toEqual([])
    const actions = (await listAudit(store, 10)).map((entry) => entry.action).filter((action) => action.startsWith('schedule.'))
    expect(actions.sort()).toEqual(['schedule.made', 'schedule.removed'])
  })
})
