import type { Advice, Factor, Needs } from './advice'

/** Everything the decision rests on. Null: not measured. */
export interface Measures {
  readonly engine: Advice['engine']
  readonly users: number | null
  readonly sizeBytes: number | null
  readonly writesPerSecond: number | null
  readonly writesPeak: number | null
  /** Share of looks that found a writer at work. */
  readonly busyShare: number | null
  /** Growth per month, and the days that it was measured over. */
  readonly userGrowth: Growth | null
  readonly sizeGrowth: Growth | null
}

export interface Growth {
  readonly perMonth: number
  readonly days: number
}

/**
 * Where SQLite stops being advised, in one place. 10,000 users, more than one machine and high availability are the guide's.
 * The others say when its one writer or its one file gets in the way: every backup and safety copy takes the whole file, and
 * a writer who finds another one at work half of the time waits half of the time.
 */
export const limits = {
  users: 10_000,
  sizeBytes: 20_000_000_000,
  writesPeak: 500,
  busyShare: 0.5,
  machines: 2,
  /** From this share of a limit on, or within `soonMonths`, it is time to plan. */
  soonShare: 0.7,
  soonMonths: 12,
  /** A trend over less than this many days is chance. */
  trendDays: 14,
} as const

/** Stay on SQLite or move: each factor against its limit, and the verdict that follows. Pure. */
export function advise(measures: Measures, needs: Needs | null): Pick<Advice, 'verdict' | 'factors'> {
  const factors: Factor[] = [
    factor('users', measures.users, limits.users, measures.userGrowth),
    factor('size', measures.sizeBytes, limits.sizeBytes, measures.sizeGrowth),
    factor('writes', measures.writesPeak, limits.writesPeak, null),
    factor('busy', measures.busyShare, limits.busyShare, null),
    needFactor('machines', needs?.machines ?? null, limits.machines),
    // 1: minutes, which one machine with one file cannot promise.
    needFactor('availability', needs === null ? null : needs.availability === 'minutes' ? 1 : 0, 1),
  ]
  if (measures.engine === 'postgresql') return { verdict: 'moved', factors }
  if (factors.some(({ state }) => state === 'over')) return { verdict: 'move', factors }
  if (factors.some(({ state }) => state === 'soon')) return { verdict: 'plan', factors }
  // What weighs most is not known: then neither is the answer.
  if (factors.some(({ name, state }) => state === 'unknown' && (name === 'users' || name === 'machines')))
    return { verdict: 'unknown', factors }
  return { verdict: 'stay', factors }
}

function factor(name: Factor['name'], value: number | null, limit: number, growth: Growth | null): Factor {
  const known = growth !== null && growth.days >= limits.trendDays ? growth : null
  const monthsToLimit = value !== null && known !== null && known.perMonth > 0 && value < limit ? (limit - value) / known.perMonth : null
  const isSoon = value !== null && (value >= limit * limits.soonShare || (monthsToLimit !== null && monthsToLimit <= limits.soonMonths))
  const state = value === null ? 'unknown' : value >= limit ? 'over' : isSoon ? 'soon' : 'fine'
  return { name, state, value, limit, monthsToLimit, growthPerMonth: known?.perMonth ?? null, measuredDays: known?.days ?? null }
}

/** What a person says is so or not so: nothing comes closer by itself. */
function needFactor(name: Factor['name'], value: number | null, limit: number): Factor {
  const state = value === null ? 'unknown' : value >= limit ? 'over' : 'fine'
  return { name, state, value, limit, monthsToLimit: null, growthPerMonth: null, measuredDays: null }
}

const dayMs = 86_400_000
const monthDays = 30.44

/** The straight line through figures over time (least squares), as growth per month; null for fewer than two moments. */
export function trendOf(points: readonly { readonly at: number; readonly value: number }[]): Growth | null {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last.at <= first.at) return null
  const meanAt = points.reduce((sum, { at }) => sum + at, 0) / points.length
  const meanValue = points.reduce((sum, { value }) => sum + value, 0) / points.length
  const spread = points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0)
  const slope = points.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanValue), 0) / spread
  return { perMonth: slope * dayMs * monthDays, days: (last.at - first.at) / dayMs }
}
