import { qualifiedName } from '@/lib/core/quoted-name'
import { batchesOf, type LaneOptions, withServerLanes } from './server-lanes'

/**
 * Brings the planner's statistics of the copied tables up to date (ANALYZE), so that the app's first queries are planned
 * well and nobody waits for autovacuum. May be repeated.
 *
 * @param rowsOf rows of each table: the largest is begun first
 * @returns how many tables were looked at
 * @throws AppError TARGET_*, CANCELLED
 */
export async function gatherStatistics(options: LaneOptions, rowsOf: ReadonlyMap<string, number>, signal: AbortSignal): Promise<number> {
  const tables = [...rowsOf.keys()].map((table) => ({ table }))
  const { schema } = options.target
  await withServerLanes(options, signal, (lanes) =>
    lanes.perform(batchesOf(tables, rowsOf), async (lane, batch) => {
      await lane.query(`ANALYZE ${batch.map(({ table }) => qualifiedName(schema, table)).join(', ')}`)
    }),
  )
  return tables.length
}
