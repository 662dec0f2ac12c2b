export interface LaneRules<T> {
  /** Called before each item; what it throws ends its lane. */
  readonly check: () => void
  /** Whether an item is not begun beside another that runs. */
  readonly waitsFor: (item: T, running: T) => boolean
}

/**
 * Works off a queue, as many items at once as there are lanes: the first items first, but none beside another that it waits for. The
 * first failure empties the queue, so that nothing more is begun.
 *
 * @returns for each lane when it came to rest, or what it failed with
 */
export function workInLanes<L, T>(
  lanes: readonly L[],
  queue: T[],
  run: (lane: L, item: T) => Promise<void>,
  { check, waitsFor }: LaneRules<T>,
): readonly Promise<void>[] {
  const running = new Map<T, Promise<void>>()
  const work = async (lane: L) => {
    while (queue.length > 0) {
      check()
      const next = queue.findIndex((item) => ![...running.keys()].some((other) => waitsFor(item, other)))
      const [item] = next < 0 ? [] : queue.splice(next, 1)
      if (item === undefined) {
        await Promise.race(running.values())
        continue
      }
      const done = run(lane, item).finally(() => running.delete(item))
      running.set(
        item,
        done.catch(() => void queue.splice(0)),
      )
      await done
    }
  }
  return lanes.map(work)
}
