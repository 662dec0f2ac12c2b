import type { Lag } from '@/lib/core/progress'

/** Measures how far a copy is behind its source. */
export interface LagMeter {
  /** What is known now: the highest change of the source, and the one that is applied. Answers the lag. */
  measure(highest: number, applied: number): Lag
}

interface Sample {
  readonly atMs: number
  readonly highest: number
  readonly applied: number
}

/** Over which the speed is taken, and what is kept to tell the time of an old change. */
const windowMs = 5_000
const keptMs = 3_600_000

/**
 * The log has no times, which would be paid for with each write: when a change was seen for the first time is known from the
 * looks at its highest number.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createLagMeter(now: () => number = () => performance.now()): LagMeter {
  let samples: Sample[] = []
  return {
    measure(highest, applied) {
      const atMs = now()
      samples.push({ atMs, highest, applied })
      // What is applied needs no time any more; one sample of the window before stays, for the speed.
      const from = samples.findLastIndex((sample) => sample.atMs <= atMs - windowMs && sample.highest <= applied)
      samples = samples.slice(Math.max(0, from)).filter((sample) => sample.atMs >= atMs - keptMs)
      const oldest = samples.find((sample) => sample.highest > applied)
      const first = samples[0] ?? { atMs, applied }
      const seconds = (atMs - first.atMs) / 1000
      return {
        changesBehind: Math.max(0, highest - applied),
        secondsBehind: oldest === undefined ? 0 : (atMs - oldest.atMs) / 1000,
        changesPerSecond: seconds > 0 ? Math.max(0, applied - first.applied) / seconds : 0,
      }
    },
  }
}
