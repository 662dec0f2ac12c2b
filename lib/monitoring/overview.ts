import type { Overview } from './overview-schema'
import { readPostgresOverview } from './postgres-overview'
import { readSqliteOverview } from './sqlite-overview'

/** The database to look at. */
export type OverviewSource = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'postgresql'; readonly url: string }

export interface OverviewOptions {
  /** How long all of it may take; what is left over is estimated or unknown. Default: 2,500. */
  readonly timeoutMs?: number
}

/**
 * Reads the overview. Rows are counted exactly while time is left and estimated after that. Holds the event loop for
 * some milliseconds at a time, so it may run in the web process. Each part fails alone.
 *
 * @throws AppError SOURCE_*, TARGET_* only when the database cannot be opened at all
 */
export function readOverview(source: OverviewSource, options: OverviewOptions = {}): Promise<Overview> {
  const timeoutMs = options.timeoutMs ?? 2_500
  return source.engine === 'sqlite' ? readSqliteOverview(source.path, timeoutMs) : readPostgresOverview(source.url, timeoutMs)
}
