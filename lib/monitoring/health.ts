import type { ActiveSource } from '@/lib/control/active-source'
import type { ControlStore } from '@/lib/control/control-store'
import type { HealthReport, IndexFigures, LongPanel, Panel, Sequence, TableFigures } from './health-report'
import { readPostgresHealth } from './panels/read-postgres'
import { readSqliteHealth } from './panels/read-sqlite'
import { withoutLikeness } from './shorten-report'
import { defaultThresholds, type Thresholds } from './thresholds'

export interface HealthOptions {
  /** For what was noted over time: integrity checks, write rate. Absent: those are unknown. */
  readonly store?: ControlStore
  /** Default: defaultThresholds. */
  readonly thresholds?: Partial<Thresholds>
  /** How long each panel may take. Default: 3,000. */
  readonly panelTimeoutMs?: number
}

/**
 * Reads all panels of the active database and judges them. A panel that fails, or may not be read, is unknown with its
 * reason and takes no other along. Changes nothing.
 *
 * @throws AppError SOURCE_*, TARGET_* only when the database cannot be opened at all
 */
export function readHealth(source: ActiveSource, options: HealthOptions = {}): Promise<HealthReport> {
  const thresholds = { ...defaultThresholds, ...options.thresholds }
  const panelTimeoutMs = options.panelTimeoutMs ?? 3_000
  return source.engine === 'sqlite'
    ? readSqliteHealth(source.path, thresholds, panelTimeoutMs, options.store ?? null)
    : readPostgresHealth(source.url, thresholds, panelTimeoutMs)
}

/** One long panel in full. @throws AppError SOURCE_*, TARGET_* only when the database cannot be opened at all */
export async function readFigures(
  source: ActiveSource,
  panel: LongPanel,
  options: HealthOptions = {},
): Promise<Panel<TableFigures[] | IndexFigures[] | Sequence[]>> {
  const report = await readHealth(source, options)
  if (panel === 'tables') return report.panels.tables
  if (panel === 'indexes') return withoutLikeness(report.panels.indexes)
  if (report.engine === 'postgresql') return report.panels.sequences
  return { status: 'unknown', reason: 'not-asked', message: 'SQLite has no sequences.' }
}
