import { expect, it } from 'vitest'
import { createLagMeter } from './lag'

it('tells changes, age and speed from the looks at the log alone', () => {
  let now = 0
  const meter = createLagMeter(() => now)
  expect(meter.measure(0, 0)).toEqual({ changesBehind: 0, secondsBehind: 0, changesPerSecond: 0 })
  now = 1_000
  expect(meter.measure(100, 0)).toEqual({ changesBehind: 100, secondsBehind: 0, changesPerSecond: 0 })
  now = 3_000
  // The hundred were first seen two seconds ago; of the two hundred that came after nothing is applied either.
  expect(meter.measure(300, 0)).toMatchObject({ changesBehind: 300, secondsBehind: 2 })
  now = 4_000
  expect(meter.measure(300, 200)).toEqual({ changesBehind: 100, secondsBehind: 1, changesPerSecond: 50 })
  now = 5_000
  expect(meter.measure(300, 300)).toMatchObject({ changesBehind: 0, secondsBehind: 0 })
})

it('measures the speed over the last seconds, however long it has followed', () => {
  let now = 0
  const meter = createLagMeter(() => now)
  for (; now <= 60_000; now += 1_000) meter.measure(now / 10, now / 10)
  for (; now <= 70_000; now += 1_000) expect(meter.measure(6_000, 6_000).changesPerSecond).toBeLessThanOrEqual(100)
  expect(meter.measure(6_000, 6_000)).toEqual({ changesBehind: 0, secondsBehind: 0, changesPerSecond: 0 })
})
