import { describe, expect, it } from 'vitest'
import type { SwitchPlan } from '@/lib/control/switch-choice'
import { decideSwitch, mostSwitchAttempts, type SwitchSituation } from './decide-switch'

const at = '2026-05-11T01:00:00.000Z'
const target = { sealedUrl: 'sealed', label: 'app@db:5432/app' }
const ready = { status: 'ready-to-switch', mode: 'live', jobId: 'copy', target, since: at } as const
const following = { status: 'following', lag: { changesBehind: 3, secondsBehind: 0.1, changesPerSecond: 20 } } as const

const minutes = (count: number) => new Date(Date.parse(at) + count * 60_000)

function plan(change: Partial<SwitchPlan> = {}): SwitchPlan {
  return {
    jobId: 'copy',
    when: { kind: 'at', at, zone: 'Europe/Paris', windowMinutes: 60 },
    freezeLimitMs: 800,
    chosenBy: 'admin@example.org',
    chosenAt: '2026-05-10T12:00:00.000Z',
    attempts: [],
    waitsFor: 'time',
    stopped: null,
    ...change,
  }
}

function decide(change: Partial<SwitchSituation> = {}) {
  const now = change.now ?? minutes(0)
  const follow = { at: now.toISOString(), ...following }
  return decideSwitch({ plan: plan(), state: ready, migration: 'succeeded', follow, attempt: null, ...change, now })
}

const whenReady = plan({ when: { kind: 'when-ready' } })
const tried = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ jobId: `try ${index}`, at, error: { code: 'STATE_CONFLICT' as const, message: 'slow' } }))
const failedAt = (finishedAt: Date, retryable = true) =>
  ({ status: 'failed', finishedAt, error: { code: 'STATE_CONFLICT', retryable } }) as const

describe('a switch that is planned for a time', () => {
  it('waits for it, then is made at once, and until the end of the window', () => {
    expect(decide({ now: minutes(-1) })).toEqual({ do: 'wait', for: 'time' })
    expect(decide({ now: minutes(0) })).toEqual({ do: 'switch' })
    expect(decide({ now: minutes(59), plan: plan({ waitsFor: null }) })).toEqual({ do: 'switch' })
  })

  it('is held when no worker looked before the window had ended', () => {
    expect(decide({ now: minutes(61) })).toEqual({ do: 'stop', reason: 'worker-away' })
    expect(decide({ now: minutes(61), plan: plan({ waitsFor: null }) })).toEqual({ do: 'stop', reason: 'worker-away' })
  })

  it('waits for a copy that is still made or proved, and is held when it was not by the end', () => {
    const state = { ...ready, status: 'migrating' } as const
    expect(decide({ state, migration: 'running' })).toEqual({ do: 'wait', for: 'copy' })
    const late = { state, now: minutes(61), plan: plan({ waitsFor: 'copy' }) } as const
    expect(decide(late)).toEqual({ do: 'stop', reason: 'not-ready' })
  })

  it.each([
    ['waits for PostgreSQL', { ...following, status: 'waiting' as const, at: minutes(0).toISOString() }],
    ['has said nothing for a while', { ...following, at: minutes(-1).toISOString() }],
    ['has never said anything', null],
    ['is far behind', { ...following, at: minutes(0).toISOString(), lag: { changesBehind: 9e5, secondsBehind: 40, changesPerSecond: 1 } }],
  ])('waits for a copy that %s, and is held when it did so to the end', (_, follow) => {
    expect(decide({ follow })).toEqual({ do: 'wait', for: 'following' })
    const late = { follow, now: minutes(61), plan: plan({ waitsFor: 'following' }) }
    expect(decide(late)).toEqual({ do: 'stop', reason: 'not-following' })
  })

  it('says that another job was in the way', () => {
    expect(decide({ now: minutes(61), plan: plan({ waitsFor: 'job' }) })).toEqual({ do: 'stop', reason: 'busy' })
  })

  it('tries again after a pause that grows, and never beyond the window', () => {
    const once = { plan: plan({ attempts: tried(1), waitsFor: 'job' }), attempt: failedAt(minutes(1)) }
    expect(decide({ ...once, now: minutes(1.2) })).toEqual({ do: 'wait', for: 'pause' })
    expect(decide({ ...once, now: minutes(1.6) })).toEqual({ do: 'switch' })
    const thrice = { plan: plan({ attempts: tried(3), waitsFor: 'pause' }), attempt: failedAt(minutes(10)) }
    expect(decide({ ...thrice, now: minutes(11.9) })).toEqual({ do: 'wait', for: 'pause' })
    expect(decide({ ...thrice, now: minutes(12.1) })).toEqual({ do: 'switch' })
    expect(decide({ ...thrice, now: minutes(61) })).toEqual({ do: 'stop', reason: 'tried-often' })
  })
})

describe('a switch that is made as soon as the copy is ready', () => {
  it('is made whatever the hour, once the copy follows', () => {
    expect(decide({ plan: whenReady, state: { ...ready, status: 'migrating' }, migration: 'running' })).toEqual({ do: 'wait', for: 'copy' })
    expect(decide({ plan: whenReady, now: minutes(9_999) })).toEqual({ do: 'switch' })
  })

  it('is held after so many attempts, and at once after one that would fail again', () => {
    const often = { ...whenReady, attempts: tried(mostSwitchAttempts) }
    expect(decide({ plan: often, attempt: failedAt(minutes(-60)) })).toEqual({ do: 'stop', reason: 'tried-often' })
    const broken = { ...whenReady, attempts: tried(1) }
    expect(decide({ plan: broken, attempt: failedAt(minutes(-60), false) })).toEqual({ do: 'stop', reason: 'failed' })
  })

  it('is begun again when its worker died in it, and held when a person cancelled it', () => {
    const begun = { ...whenReady, attempts: tried(1) }
    const error = { code: 'INTERRUPTED', retryable: true } as const
    expect(decide({ plan: begun, attempt: { status: 'interrupted', finishedAt: minutes(-2), error } })).toEqual({ do: 'switch' })
    const cancelled = { status: 'cancelled', finishedAt: minutes(-2), error: { code: 'CANCELLED', retryable: true } } as const
    expect(decide({ plan: begun, attempt: cancelled })).toEqual({ do: 'stop', reason: 'failed' })
  })

  it('is never begun a second time while the first is under way', () => {
    const begun = { ...whenReady, attempts: tried(1) }
    for (const status of ['queued', 'running'] as const)
      expect(decide({ plan: begun, attempt: { status, finishedAt: null, error: null } })).toEqual({ do: 'wait', for: 'job' })
  })
})

describe('a plan with nothing to do', () => {
  it('is left alone when it is held, by choice or since it was given up', () => {
    expect(decide({ plan: plan({ when: { kind: 'held' } }) })).toEqual({ do: 'nothing' })
    expect(decide({ plan: plan({ stopped: { at, reason: 'worker-away' } }) })).toEqual({ do: 'nothing' })
  })

  it('waits for its migration to begin, and says when that came to nothing', () => {
    const state = { status: 'on-sqlite' } as const
    expect(decide({ state, migration: 'queued', now: minutes(-1) })).toEqual({ do: 'wait', for: 'time' })
    expect(decide({ state, migration: 'queued', plan: whenReady })).toEqual({ do: 'wait', for: 'copy' })
    expect(decide({ state, migration: 'failed' })).toEqual({ do: 'stop', reason: 'no-copy' })
  })

  it('is forgotten with its copy: switched to, given up by a person, or followed by another', () => {
    const switched = { status: 'on-postgresql', jobId: 'copy', target, since: at } as const
    expect(decide({ state: switched })).toEqual({ do: 'forget' })
    expect(decide({ state: { status: 'on-sqlite' } })).toEqual({ do: 'forget' })
    expect(decide({ state: { ...ready, jobId: 'another' } })).toEqual({ do: 'forget' })
    expect(decide({ state: { ...ready, mode: 'read-only' } })).toEqual({ do: 'forget' })
  })
})
