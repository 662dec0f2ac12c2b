/**
 * Rates of a copy with its keys, indexes and counts. Measured on two cores, target on the same machine: 1,550,000
 * rows (394 MB) in about 10 s. A target across a network or a busy machine takes several times as long.
 */
const fast = { rowsPerSecond: 150_000, bytesPerSecond: 40_000_000 }
const slowFactor = 4
/** Connecting, creating tables and counting take this long even with no rows. */
const leastMs = 2_000

export interface ReadOnlyEstimate {
  readonly fromMs: number
  readonly toMs: number
}

/** How long the copy will keep the app read-only, as a range, in milliseconds. A range, because only the network knows. */
export function estimateReadOnlyMs(rows: number, sizeBytes: number): ReadOnlyEstimate {
  const copyMs = Math.max(rows / fast.rowsPerSecond, sizeBytes / fast.bytesPerSecond) * 1000
  return { fromMs: roundUp(leastMs + copyMs), toMs: roundUp((leastMs + copyMs) * slowFactor) }
}

/** To whole seconds, ten seconds or minutes: an estimate must not look exact. */
function roundUp(ms: number): number {
  const step = ms < 20_000 ? 1_000 : ms < 120_000 ? 10_000 : 60_000
  return Math.ceil(ms / step) * step
}
