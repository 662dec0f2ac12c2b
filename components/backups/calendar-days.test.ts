import { describe, expect, it } from 'vitest'
import type { BackupView } from '@/lib/backup/backup-view'
import { passedTrial, sampleBackup } from '@/tests/support/sample-backup'
import { calendarDays } from './calendar-days'

const now = new Date(2026, 10, 22, 15)

const backup = (at: Date, change: Partial<BackupView> = {}) => sampleBackup(at, { origin: 'manual', sizeBytes: 1, trial: null, ...change })
const past = (at: Date) => ({ id: at.toISOString(), createdAt: at.toISOString(), deletedAt: now.toISOString(), tested: true })
const day = (date: number, hour = 12) => new Date(2026, 10, date, hour)

describe('the calendar of backups', () => {
  it('has 90 days up to today, whatever the clocks do in between', () => {
    const days = calendarDays([], [], now)
    expect(days).toHaveLength(90)
    expect(days.at(-1)?.date).toEqual(new Date(2026, 10, 22))
    expect(new Set(days.map(({ date }) => date.toDateString())).size).toBe(90)
    expect(days.every(({ date }) => date.getHours() === 0)).toBe(true)
  })

  it('says of each day the best that is there to go back to', () => {
    const days = calendarDays(
      [
        backup(day(22, 0), { trial: passedTrial }),
        backup(day(22, 23), { status: 'failed', present: false }),
        backup(day(21)),
        backup(day(20), { trial: { ...passedTrial, status: 'failed' } }),
        backup(day(19), { status: 'failed', present: false }),
        backup(day(18), { trial: passedTrial, present: false }),
      ],
      [past(day(21)), past(day(19)), past(day(16))],
      now,
    )
    const states = ['none', 'gone', 'none', 'failed', 'gone', 'failed', 'written', 'tested']
    expect(days.slice(-8).map(({ state }) => state)).toEqual(states)
    expect(days.at(-2)?.past).toHaveLength(1)
    expect(days.at(-1)?.backups).toHaveLength(2)
  })
})
