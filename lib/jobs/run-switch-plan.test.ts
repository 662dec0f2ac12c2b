import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState } from '@/lib/control/active-state'
import { listAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { writeFollowStatus } from '@/lib/control/follow-status'
import type { SwitchChoice } from '@/lib/control/switch-choice'
import { chooseSwitch, chooseSwitchOnce, readSwitchPlan } from '@/lib/control/switch-plan'
import { createLogger } from '@/lib/core/logger'
import { cancelJob, claimJob, enqueueJob, finishJob, getJob } from './job-queue'
import { considerSwitch } from './run-switch-plan'

const logger = createLogger('test', 'fatal')
const actor = 'admin@example.org'
const nightAt = '2026-05-11T01:00:00.000Z'
const tonight: SwitchChoice = {
  when: { kind: 'at', at: nightAt, zone: 'Europe/Paris', windowMinutes: 30 },
  freezeLimitMs: 1_500,
}
const whenReady: SwitchChoice = { when: { kind: 'when-ready' }, freezeLimitMs: 800 }
const lag = { changesBehind: 0, secondsBehind: 0, changesPerSecond: 10 }

let folder: string
let store: ControlStore
let now: Date

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-switch-plan-'))
  now = new Date('2026-05-10T20:00:00Z')
  store = await openControlStore(join(folder, 'control.db'), { clock: { now: () => now } })
  await goTo({ status: 'on-sqlite' })
  const target = { sealedUrl: 'sealed', label: 'app@db:5432/app' }
  await goTo({ status: 'ready-to-switch', mode: 'live', jobId: 'copy', target, since: now.toISOString() })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function goTo(to: ActiveState) {
  const { version } = await readActiveDatabase(store)
  await transitionActiveDatabase(store, { from: version, to, actor })
}

const follows = () => writeFollowStatus(store, { jobId: 'copy', status: 'following', lag, error: null })
const look = () => considerSwitch(store, logger)

async function endCutOver(error: { code: 'STATE_CONFLICT' | 'CONTENT_DIFFERS'; retryable: boolean }): Promise<void> {
  const claimed = await claimJob(store, 'worker')
  if (!claimed) throw new Error('nothing to claim')
  await finishJob(store, claimed.hold, { status: 'failed', error: { ...error, message: 'It was too slow.' } })
}

it('queues the cut-over at its time, with the limit and the end of the window, once, and keeps it in the audit log', async () => {
  await chooseSwitch(store, 'copy', tonight, actor)
  await follows()
  expect(await look()).toBeNull()
  expect((await readSwitchPlan(store, 'copy'))?.waitsFor).toBe('time')
  now = new Date('2026-05-11T01:00:01Z')
  await follows()
  const ids = await Promise.all([look(), look()])
  const [id] = ids.filter((one) => one !== null)
  expect(ids.filter((one) => one !== null)).toHaveLength(1)
  const claimed = await claimJob(store, 'worker')
  expect(claimed).toMatchObject({
    kind: 'cutover',
    payload: { freezeLimitMs: 1_500, notAfter: '2026-05-11T01:30:00.000Z' },
    requestedBy: `plan of ${actor}`,
    hold: { jobId: id },
  })
  expect(await look()).toBeNull()
  const actions = (await listAudit(store, 20)).map(({ action }) => action)
  expect(actions).toEqual(expect.arrayContaining(['switch.chosen', 'switch.begun']))
})

it('comes back after the window: holds, says why, and does nothing more until somebody chooses anew', async () => {
  await chooseSwitch(store, 'copy', tonight, actor)
  now = new Date('2026-05-11T07:00:00Z')
  await follows()
  expect(await look()).toBeNull()
  const held = await readSwitchPlan(store, 'copy')
  expect(held?.stopped).toEqual({ at: now.toISOString(), reason: 'worker-away' })
  expect((await listAudit(store, 1))[0]).toMatchObject({ action: 'switch.held', detail: { reason: 'worker-away' } })
  expect(await look()).toBeNull()
  await chooseSwitch(store, 'copy', whenReady, actor)
  expect(await look()).not.toBeNull()
})

it('tries again after a pause what was too slow, with the reasons kept, and holds what would fail again', async () => {
  await chooseSwitch(store, 'copy', whenReady, actor)
  await follows()
  expect(await look()).not.toBeNull()
  await endCutOver({ code: 'STATE_CONFLICT', retryable: true })
  await follows()
  expect(await look()).toBeNull()
  expect(await readSwitchPlan(store, 'copy')).toMatchObject({ waitsFor: 'pause', attempts: [{ error: { message: 'It was too slow.' } }] })
  now = new Date(now.getTime() + 31_000)
  await follows()
  expect(await look()).not.toBeNull()
  await endCutOver({ code: 'CONTENT_DIFFERS', retryable: false })
  expect(await look()).toBeNull()
  expect(await readSwitchPlan(store, 'copy')).toMatchObject({
    stopped: { reason: 'failed' },
    attempts: [{ error: { code: 'STATE_CONFLICT' } }, { error: { code: 'CONTENT_DIFFERS' } }],
  })
})

it('waits while another job moves the databases', async () => {
  await chooseSwitch(store, 'copy', whenReady, actor)
  await follows()
  const { id } = await enqueueJob(store, { kind: 'recopy', payload: { tables: ['User'] }, requestedBy: actor })
  expect(await look()).toBeNull()
  expect((await readSwitchPlan(store, 'copy'))?.waitsFor).toBe('job')
  await cancelJob(store, id, actor)
  const cutover = await look()
  expect((await getJob(store, cutover ?? '')).kind).toBe('cutover')
})

it('is cancelled by holding it, and forgotten once the app is switched', async () => {
  await chooseSwitch(store, 'copy', whenReady, actor)
  await chooseSwitch(store, 'copy', { when: { kind: 'held' }, freezeLimitMs: 800 }, actor)
  await follows()
  expect(await look()).toBeNull()
  const { state } = await readActiveDatabase(store)
  if (state.status !== 'ready-to-switch') throw new Error('not ready')
  const { mode: _, ...rest } = state
  await goTo({ ...rest, status: 'on-postgresql' })
  await look()
  expect(await readSwitchPlan(store, 'copy')).toBeNull()
})

it('refuses a time that has passed or a zone that is none; a job that was queued before it may still mean it', async () => {
  const past = {
    ...tonight,
    when: { ...tonight.when, kind: 'at', at: '2026-05-10T19:50:00.000Z', zone: 'UTC', windowMinutes: 30 },
  } as const
  await expect(chooseSwitch(store, 'copy', past, actor)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  const nowhere = { ...tonight, when: { ...past.when, at: nightAt, zone: 'Atlantis/Centre' } }
  await expect(chooseSwitch(store, 'copy', nowhere, actor)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await chooseSwitchOnce(store, 'copy', past, actor)
  expect((await readSwitchPlan(store, 'copy'))?.when.kind).toBe('at')
  await chooseSwitchOnce(store, 'copy', whenReady, actor)
  expect((await readSwitchPlan(store, 'copy'))?.when.kind).toBe('at')
  now = new Date('2026-05-10T21:00:00Z')
  await chooseSwitchOnce(store, 'other', past, actor)
  expect((await readSwitchPlan(store, 'other'))?.when.kind).toBe('held')
})
