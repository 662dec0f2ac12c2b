import { describe, expect, it } from 'vitest'
import { fromLocalField, nextNight, toLocalField } from './local-time'

describe('times that are typed', () => {
  it('come back as the instant they are', () => {
    for (const iso of ['2026-05-11T01:00:00.000Z', '2026-12-31T23:59:00.000Z']) expect(fromLocalField(toLocalField(iso))).toBe(iso)
    expect(fromLocalField('')).toBeNull()
    expect(fromLocalField('2026-13-40T99:00')).toBeNull()
  })

  it('tonight is the next three o’clock, whatever the hour is now', () => {
    for (const hour of [0, 2, 3, 4, 12, 23]) {
      const now = new Date(2026, 4, 10, hour, 0, 1)
      const night = new Date(nextNight(now))
      expect([night.getHours(), night.getMinutes()]).toEqual([3, 0])
      expect(night.getTime()).toBeGreaterThan(now.getTime())
      expect(night.getTime() - now.getTime()).toBeLessThanOrEqual(25 * 3_600_000)
    }
  })
})
