import { describe, expect, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { heldChoice, type SwitchPlan, stopReasons } from '@/lib/control/switch-choice'
import type { WayBack } from '@/lib/control/way-back'
import { alarmSentence } from './alarm-texts'
import { findSwitchAlarms } from './find-switch-alarms'

const now = new Date('2026-11-22T03:30:00Z')
const target = { sealedUrl: '', label: '' }
const ready: ActiveState = { status: 'ready-to-switch', mode: 'live', jobId: 'copy', target, since: '2026-11-21T00:00:00.000Z' }
const onPostgres: ActiveState = { status: 'on-postgresql', jobId: 'copy', target, since: '2026-11-21T00:00:00.000Z' }
const plan: SwitchPlan = {
  ...heldChoice,
  jobId: 'copy',
  chosenBy: 'a@cvsite.test',
  chosenAt: '2026-11-21T00:00:00.000Z',
  attempts: [],
  waitsFor: null,
  stopped: { at: '2026-11-22T03:00:00.000Z', reason: 'worker-away' },
}
const away = (since: string): WayBack => ({
  jobId: 'copy',
  waiting: null,
  administrators: null,
  away: { since, code: 'TARGET_UNREACHABLE', message: 'no route' },
})

describe('alarms of the switch', () => {
  it('tell of a planned switch that was not made, once, until its copy is gone or something else was chosen', () => {
    const found = findSwitchAlarms({ state: ready, plan, wayBack: null, now })
    expect(found).toEqual([
      {
        key: 'switch-held:2026-11-22T03:00:00.000Z',
        detail: { kind: 'switch-held', at: '2026-11-22T03:00:00.000Z', reason: 'worker-away' },
      },
    ])
    for (const input of [
      { state: ready, plan: { ...plan, stopped: null } },
      { state: ready, plan: { ...plan, jobId: 'another' } },
      { state: ready, plan: null },
      { state: onPostgres, plan },
    ])
      expect(findSwitchAlarms({ ...input, wayBack: null, now })).toEqual([])
  })

  it('tell of a PostgreSQL that stays away, and not of one that is restarted', () => {
    const since = '2026-11-22T03:28:00.000Z'
    const found = findSwitchAlarms({ state: onPostgres, plan: null, wayBack: away(since), now })
    expect(found).toEqual([{ key: 'postgres-away', detail: { kind: 'postgres-away', at: since, problem: 'no route' } }])
    expect(findSwitchAlarms({ state: onPostgres, plan: null, wayBack: away('2026-11-22T03:29:30.000Z'), now })).toEqual([])
    expect(findSwitchAlarms({ state: onPostgres, plan: null, wayBack: { ...away(since), away: null }, now })).toEqual([])
  })

  it('have a sentence in both languages for each reason', () => {
    for (const locale of ['en', 'fr'] as const) {
      const sentences = stopReasons.map((reason) => alarmSentence({ kind: 'switch-held', at: '2026-11-22T03:00:00.000Z', reason }, locale))
      expect(new Set(sentences).size).toBe(stopReasons.length)
      expect(sentences.join()).not.toContain('undefined')
    }
  })
})
