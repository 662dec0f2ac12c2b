import { describe, expect, it } from 'vitest'
import { estimateReadOnlyMs } from './read-only-estimate'

describe('the estimate of the read-only time', () => {
  it('is a range that grows with rows and with bytes, and is never nothing', () => {
    const empty = estimateReadOnlyMs(0, 0)
    expect(empty.fromMs).toBeGreaterThanOrEqual(1_000)
    const rows = estimateReadOnlyMs(1_500_000, 0)
    const bytes = estimateReadOnlyMs(10, 4_000_000_000)
    for (const estimate of [empty, rows, bytes]) expect(estimate.toMs).toBeGreaterThan(estimate.fromMs)
    expect(rows.fromMs).toBeGreaterThan(empty.fromMs)
    expect(bytes.fromMs).toBeGreaterThan(rows.fromMs)
  })

  it('does not look exact', () => {
    const { fromMs, toMs } = estimateReadOnlyMs(1_234_567, 345_678_901)
    expect(fromMs % 1_000).toBe(0)
    expect(toMs % 10_000).toBe(0)
  })
})
