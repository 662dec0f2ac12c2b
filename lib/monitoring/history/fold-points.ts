import type { HistoryFigures, HistoryPoint, HistorySpan } from '@/lib/monitoring/history-points'

export const spanMs: Readonly<Record<HistorySpan, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

const peaks: ReadonlySet<keyof HistoryFigures> = new Set(['connectionsPeak', 'writesPeak'])

/** The start of the span that a moment lies in, in UTC. */
export function startOf(span: HistorySpan, at: Date): Date {
  return new Date(Math.trunc(at.getTime() / spanMs[span]) * spanMs[span])
}

/**
 * Folds points into longer ones: means of what is known, the highest of the peaks. Points of two engines are not mixed: the
 * engine of the last one is the span's, and only its points count. Pure.
 *
 * @param points oldest first
 */
export function foldPoints(points: readonly HistoryPoint[], span: HistorySpan): readonly HistoryPoint[] {
  const buckets = new Map<number, HistoryPoint[]>()
  for (const point of points) {
    const start = startOf(span, new Date(point.at)).getTime()
    buckets.set(start, [...(buckets.get(start) ?? []), point])
  }
  return [...buckets].map(([start, all]) => {
    const engine = all.at(-1)?.engine ?? 'sqlite'
    const alike = all.filter((point) => point.engine === engine)
    return { span, at: new Date(start).toISOString(), engine, figures: foldFigures(alike.map(({ figures }) => figures)) }
  })
}

function foldFigures(all: readonly HistoryFigures[]): HistoryFigures {
  const names = Object.keys(all[0] ?? {}) as (keyof HistoryFigures)[]
  const folded = names.map((name) => {
    const known = all.map((figures) => figures[name]).filter((figure) => figure !== null)
    if (known.length === 0) return [name, null] as const
    const value = peaks.has(name) ? Math.max(...known) : known.reduce((sum, figure) => sum + figure, 0) / known.length
    return [name, value] as const
  })
  // Every name of the first one, which has all of them.
  return Object.fromEntries(folded) as HistoryFigures
}
