import { type ControlStore, isUniqueViolation } from '@/lib/control/control-store'
import type { Prisma } from '@/lib/control/generated/client'
import { type History, type HistoryPoint, type HistoryRange, type HistorySpan, historyPointSchema } from '@/lib/monitoring/history-points'
import { foldPoints, spanMs, startOf } from './fold-points'

/** How long points of each span are kept before they are folded; days are then forgotten. */
export const keptMs: Readonly<Record<HistorySpan, number>> = { minute: 2 * spanMs.day, hour: 14 * spanMs.day, day: 90 * spanMs.day }

const ranges: Readonly<Record<HistoryRange, number>> = { day: spanMs.day, week: 7 * spanMs.day, quarter: 90 * spanMs.day }

/** What a chart draws at most; more points are folded on reading. */
const drawnPoints = 400

/** Keeps a point; of several workers that measure the same minute the first one counts. @returns whether it was kept */
export async function savePoint(store: ControlStore, point: HistoryPoint): Promise<boolean> {
  const { span, at, engine, figures } = point
  const data = { span, at: new Date(at), engine, figures: JSON.stringify(figures) }
  try {
    await store.write((transaction) => transaction.historyPoint.create({ data }))
    return true
  } catch (error) {
    if (isUniqueViolation(error)) return false
    throw error
  }
}

/** The last points of one span, oldest first. */
export async function lastPoints(store: ControlStore, span: HistorySpan, count: number): Promise<readonly HistoryPoint[]> {
  const rows = await store.read.historyPoint.findMany({ where: { span }, orderBy: { at: 'desc' }, take: count })
  return rows.map(toPoint).reverse()
}

/** Points for a chart, oldest first: of each time the finest that is kept, folded to at most a few hundred. */
export async function readHistory(store: ControlStore, range: HistoryRange): Promise<History> {
  const since = new Date(store.clock.now().getTime() - ranges[range])
  const span: HistorySpan = range === 'quarter' ? 'day' : range === 'week' ? 'hour' : 'minute'
  const rows = await store.read.historyPoint.findMany({ where: { at: { gte: since } }, orderBy: [{ at: 'asc' }, { span: 'asc' }] })
  const points = foldPoints(rows.map(toPoint), span)
  const step = Math.ceil(points.length / drawnPoints)
  const thinned = step <= 1 ? points : points.filter((_, place) => place % step === step - 1 || place === points.length - 1)
  // A worker that restarts may miss one; from there on it is a gap, and is drawn as one.
  return { range, points: [...thinned], gapMs: spanMs[span] * Math.max(1, step) * 2.5 }
}

/**
 * Folds what is old enough: minutes into hours, hours into days, and forgets days after 90. A span is folded only when all
 * of it is old enough, so that each is folded once. Safe to repeat, also after a crash in between: one transaction each.
 */
export async function thinHistory(store: ControlStore): Promise<void> {
  const now = store.clock.now()
  await foldOlder(store, 'minute', 'hour', now)
  await foldOlder(store, 'hour', 'day', now)
  const oldest = new Date(now.getTime() - keptMs.day)
  await store.write((transaction) => transaction.historyPoint.deleteMany({ where: { at: { lt: oldest } } }))
}

async function foldOlder(store: ControlStore, from: HistorySpan, to: HistorySpan, now: Date): Promise<void> {
  const before = startOf(to, new Date(now.getTime() - keptMs[from]))
  const where = { span: from, at: { lt: before } }
  await store.write(async (transaction) => {
    const rows = await transaction.historyPoint.findMany({ where, orderBy: { at: 'asc' } })
    for (const { span, at, engine, figures } of foldPoints(rows.map(toPoint), to)) {
      const data = { engine, figures: JSON.stringify(figures) }
      const key = { span, at: new Date(at) }
      await transaction.historyPoint.upsert({ where: { span_at: key }, create: { ...key, ...data }, update: data })
    }
    await transaction.historyPoint.deleteMany({ where })
  })
}

function toPoint(row: Prisma.HistoryPointModel): HistoryPoint {
  return historyPointSchema.parse({ span: row.span, at: row.at.toISOString(), engine: row.engine, figures: JSON.parse(row.figures) })
}
