import { availableParallelism } from 'node:os'
import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { connectPostgres } from '@/lib/postgres/connect'
import { isOnThisMachine, type TargetUrl } from '@/lib/postgres/target-url'
import { workInLanes } from './lanes'

export interface LaneOptions {
  readonly target: TargetUrl
  readonly applicationName: string
  /** Connections that work at once. */
  readonly lanes: number
}

/** Work that the server does by itself, spread over connections. */
export interface ServerLanes {
  /**
   * Runs `run` on every item, the first items first, but none beside another that it would wait for; the first failure stops the rest
   * from starting. Default: no item waits for another.
   */
  perform<T>(
    items: readonly T[],
    run: (lane: pg.Client, item: T) => Promise<void>,
    waitsFor?: (item: T, running: T) => boolean,
  ): Promise<void>
}

/**
 * Opens the connections, gives them to `use`, and closes them.
 *
 * @throws AppError TARGET_*, CANCELLED; what `use` throws
 */
export async function withServerLanes<T>(
  { target, applicationName, lanes: count }: LaneOptions,
  signal: AbortSignal,
  use: (lanes: ServerLanes) => Promise<T>,
): Promise<T> {
  const lanes: pg.Client[] = []
  try {
    for (let lane = 0; lane < count; lane += 1) {
      const connection = await connectPostgres(target, { applicationName, signal })
      lanes.push(connection)
      await connection.query(settingsFor(target, count).join('; '))
    }
    return await use({
      perform: async (items, run, waitsFor = () => false) => {
        const check = () => throwIfAborted(signal)
        const results = await Promise.allSettled(workInLanes(lanes, [...items], run, { check, waitsFor }))
        const failed = results.find((result) => result.status === 'rejected')
        if (failed) throw failed.reason
      },
    })
  } finally {
    await Promise.all(lanes.map((lane) => lane.end().catch(() => undefined)))
  }
}

function settingsFor(target: TargetUrl, lanes: number): readonly string[] {
  return [
    // Sorting in memory is what makes an index build fast; two of them fit into a small server.
    `SET maintenance_work_mem = '192MB'`,
    'SET synchronous_commit = off',
    // Where a core for each lane is all there is, helpers of the server only take turns with it: 3.8 s of structure instead of 4.1.
    ...(isOnThisMachine(target) && availableParallelism() <= lanes ? ['SET max_parallel_maintenance_workers = 0'] : []),
  ]
}

/** What belongs to small tables goes to the server this many at once: with 500 tables the round trips are what takes the time. */
export const partsAtOnce = 50
const smallRows = 20_000

/** Whether a table of so many rows goes together with others. */
export function isSmall(rows: number): boolean {
  return rows <= smallRows
}

/** The largest tables first and one by one, small ones in batches; what belongs to one table stays next to each other. */
export function batchesOf<T extends { readonly table: string }>(work: readonly T[], rowsOf: ReadonlyMap<string, number>): readonly T[][] {
  const rows = ({ table }: T) => rowsOf.get(table) ?? 0
  const batches: T[][] = []
  for (const part of [...work].sort((a, b) => rows(b) - rows(a))) {
    const last = batches.at(-1)
    const isRoomy = last?.[0] !== undefined && isSmall(rows(last[0])) && last.length < partsAtOnce
    if (last && isRoomy) last.push(part)
    else batches.push([part])
  }
  return batches
}
