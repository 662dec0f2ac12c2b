import { describe, expect, it } from 'vitest'
import { passedTrial, sampleBackup } from '@/tests/support/sample-backup'
import type { BackupView } from './backup-view'
import { countKept, planRetention, type Retention } from './retention'

const now = new Date('2026-06-15T12:00:00Z')
const none: Retention = { keepLast: 1, keepDays: 0, daily: 0, weekly: 0, monthly: 0 }

const backup = (daysAgo: number, more: Partial<BackupView> = {}) =>
  sampleBackup(new Date(now.getTime() - daysAgo * 86_400_000), { id: `b${daysAgo}`, ...more })
const days = (count: number) => Array.from({ length: count }, (_, index) => backup(index))
const kept = (backups: readonly BackupView[], rules: Partial<Retention>) =>
  planRetention(backups, { ...none, ...rules }, now).keep.map(({ id }) => id)

describe('which backups stay', () => {
  it('the newest so many, or those of so many days', () => {
    expect(kept(days(10), { keepLast: 3 })).toEqual(['b0', 'b1', 'b2'])
    expect(kept(days(10), { keepDays: 4 })).toEqual(['b0', 'b1', 'b2', 'b3'])
  })

  it('one a day, a week from Monday, a month', () => {
    expect(kept([backup(0), backup(0.2, { id: 'same day' }), backup(1), backup(2)], { daily: 2 })).toEqual(['b0', 'b1'])
    // The 15th of June 2026 is a Monday: the day before belongs to the week before.
    expect(kept(days(20), { weekly: 3 })).toEqual(['b0', 'b1', 'b8'])
    expect(kept(days(80), { monthly: 3 })).toEqual(['b0', 'b15', 'b46'])
  })

  it('never loses the newest good one, whatever the numbers say, and lets no bad one push it out', () => {
    const bad = { trial: { ...passedTrial, status: 'failed' } } as const
    const untested = { trial: null }
    expect(kept([backup(0, untested), backup(1, untested), backup(2), backup(3)], {})).toEqual(['b0', 'b2'])
    const plan = planRetention([backup(0), backup(1, bad), backup(2)], none, now)
    expect(plan).toMatchObject({ remove: ['b1', 'b2'], heldBack: false })
  })

  it('never loses what is locked, nor a safety backup of the last fortnight', () => {
    const backups = [backup(0), backup(5, { locked: true }), backup(10, { origin: 'safety' }), backup(15, { origin: 'safety' })]
    expect(kept(backups, {})).toEqual(['b0', 'b5', 'b10'])
  })

  it('loses nothing while the latest attempt has failed', () => {
    const failed = backup(0, { status: 'failed', present: false, trial: null })
    const plan = planRetention(
      [failed, ...days(9).map((one) => ({ ...one, id: `old ${one.id}`, createdAt: backup(Number(one.id.slice(1)) + 1).createdAt }))],
      none,
      now,
    )
    expect([plan.remove, plan.heldBack]).toEqual([[], true])
    const badTrial = backup(0, { trial: { ...passedTrial, status: 'failed' } })
    expect(planRetention([badTrial, backup(1), backup(2)], none, now).remove).toEqual([])
  })

  it('forgets notes of failures after ninety days, and archives whose file is gone', () => {
    const failed = (daysAgo: number) => backup(daysAgo, { status: 'failed', present: false, trial: null })
    expect(planRetention([backup(0), failed(80), failed(100), backup(3, { present: false })], none, now).remove).toEqual(['b3', 'b100'])
  })

  it('keeps what a clock that was ahead has dated, and lets it push out nothing of today', () => {
    const ahead = [backup(-1000), backup(-900)]
    const plan = planRetention([...ahead, ...days(4)], { ...none, keepLast: 2, monthly: 1 }, now)
    expect(plan.remove).toEqual(['b2', 'b3'])
    expect(countKept(plan)).toContainEqual({ reason: 'future', count: 2 })
    // Nor does it hide that the latest of today has failed.
    const failed = backup(0, { status: 'failed', present: false, trial: null })
    expect(planRetention([...ahead, failed, backup(1), backup(2)], none, now)).toMatchObject({ remove: [], heldBack: true })
  })

  it('says of each backup that stays why, and counts it once', () => {
    const safety = backup(3.5, { origin: 'safety' })
    const plan = planRetention([...days(6), backup(8, { locked: true }), safety], { ...none, keepLast: 3, daily: 4 }, now)
    expect(plan.remove).toEqual(['b4', 'b5'])
    expect(countKept(plan)).toEqual([
      { reason: 'newest-good', count: 1 },
      { reason: 'locked', count: 1 },
      { reason: 'safety', count: 1 },
      { reason: 'last', count: 2 },
      { reason: 'daily', count: 1 },
    ])
    const failed = backup(0, { status: 'failed', present: false, trial: null })
    const held = planRetention([failed, backup(1), backup(2)], none, now)
    expect(countKept(held)).toEqual([
      { reason: 'newest-good', count: 1 },
      { reason: 'latest-failed', count: 1 },
      { reason: 'failed-note', count: 1 },
    ])
    expect(countKept(planRetention([], none, now))).toEqual([])
  })

  it('has nothing to say about an empty list', () => {
    expect(planRetention([], none, now)).toEqual({ keep: [], remove: [], heldBack: false })
  })
})
