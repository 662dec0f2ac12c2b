import { type HealthReport, type IndexFigures, type Panel, panelHead, type ReportTotals, type TableFigures } from './health-report'

/** What the long panels come to. Pure. */
export function totalsOf(panels: {
  readonly tables: Panel<readonly TableFigures[]>
  readonly indexes: Panel<readonly unknown[]>
  readonly sequences?: Panel<readonly unknown[]>
}): ReportTotals {
  const length = (panel: Panel<readonly unknown[]> | undefined) => (panel?.status === 'known' ? panel.data.length : null)
  const tables = panels.tables.status === 'known' ? panels.tables.data : null
  // Null only where no size at all is known, as of a large SQLite file.
  const sum = (figure: 'sizeBytes' | 'indexesBytes') =>
    tables?.some((table) => table[figure] !== null) ? tables.reduce((bytes, table) => bytes + (table[figure] ?? 0), 0) : null
  return {
    tables: length(panels.tables),
    indexes: length(panels.indexes),
    sequences: length(panels.sequences),
    tablesBytes: sum('sizeBytes'),
    indexesBytes: sum('indexesBytes'),
  }
}

/** The report with the first rows of each long panel: of a thousand tables the whole is 1.5 MB, of which a page shows 25 rows. Pure. */
export function shortenReport(report: HealthReport, head: number = panelHead): HealthReport {
  const short = <T>(panel: Panel<T[]>): Panel<T[]> =>
    panel.status === 'known' ? { status: 'known', data: panel.data.slice(0, head) } : panel
  // What tells two indexes alike was for the checks, which are made.
  const indexes = (panel: Panel<IndexFigures[]>) => withoutLikeness(short(panel))
  if (report.engine === 'sqlite')
    return { ...report, panels: { ...report.panels, tables: short(report.panels.tables), indexes: indexes(report.panels.indexes) } }
  const { tables, indexes: all, sequences } = report.panels
  return { ...report, panels: { ...report.panels, tables: short(tables), indexes: indexes(all), sequences: short(sequences) } }
}

/** Indexes as they are sent: without what only the checks need. Pure. */
export function withoutLikeness(panel: Panel<IndexFigures[]>): Panel<IndexFigures[]> {
  return panel.status === 'known'
    ? { status: 'known', data: panel.data.map((index) => ({ ...index, likeness: '', family: '', keys: [] })) }
    : panel
}
