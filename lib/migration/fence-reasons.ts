import type { FenceStage } from '@/lib/sqlite/fence'

/** The sentence that a write refused by the SQLite fence carries, by the stage of the fence. */
export const fenceReasons: Readonly<Record<FenceStage, string>> = {
  moving: 'the database is being moved to PostgreSQL and is read-only until the switch',
  moved: 'the data has moved to PostgreSQL; this file is kept as it was at the switch',
  returning: 'the app is being switched back from PostgreSQL to this file',
}
