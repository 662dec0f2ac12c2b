import type { ControlStore } from '@/lib/control/control-store'
import { lastPoints } from './history-store'

const lookedAt = 30

/** Write rate and locks of the last half hour, as the worker saw them. */
export async function readRecentWrites(store: ControlStore) {
  const points = (await lastPoints(store, 'minute', lookedAt)).filter(({ engine }) => engine === 'sqlite')
  const busy = points.map(({ figures }) => figures.busyShare).filter((share) => share !== null)
  const rates = points.map(({ figures }) => figures.writesPerSecond).filter((rate) => rate !== null)
  return { busyShare: mean(busy), looks: busy.length, writesPerSecond: mean(rates) }
}

function mean(figures: readonly number[]): number | null {
  return figures.length === 0 ? null : figures.reduce((sum, figure) => sum + figure, 0) / figures.length
}
