import { quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { HealthCheck, SqlitePanels } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { byWeight, found, item, judged, listed, maintain, passed, unknown } from './check'
import { judgeBloat } from './judge-bloat'
import { coveredBy, duplicatesOf } from './judge-indexes'

/** What is to be thought of an SQLite file's figures, worst first. Pure. */
export function judgeSqlite(panels: SqlitePanels, thresholds: Thresholds): readonly HealthCheck[] {
  const { file, tables, indexes, indexGaps, integrity, writes } = panels
  return byWeight([
    judged('integrity', integrity, ({ checkedAt, problems }) => {
      if (checkedAt === null) return { ...unknown('integrity', 'not-asked'), action: maintain('integrity-check') }
      const params = { checkedAt }
      if (problems.length === 0) return { ...passed('integrity', params), action: maintain('integrity-check') }
      return listed(
        'integrity',
        problems.map((problem) => item(problem, 'critical')),
        params,
        { sql: 'PRAGMA integrity_check;' },
      )
    }),
    judged('journal-mode', file, ({ journalMode }) =>
      journalMode === 'wal'
        ? passed('journal-mode', { mode: journalMode })
        : found('journal-mode', 'warning', { mode: journalMode }, { sql: 'PRAGMA journal_mode = WAL;' }),
    ),
    judged('wal-size', file, ({ walBytes }) =>
      walBytes < thresholds.walBytes
        ? passed('wal-size', { walBytes })
        : found('wal-size', 'warning', { walBytes }, { sql: 'PRAGMA wal_checkpoint(TRUNCATE);', action: maintain('checkpoint') }),
    ),
    judged('free-pages', file, ({ freePages, pages, pageSizeBytes }) => {
      const freeBytes = freePages * pageSizeBytes
      const params = { freeBytes, partShare: pages === 0 ? 0 : freePages / pages }
      return freeBytes < thresholds.freeBytes || params.partShare < thresholds.freeShare
        ? passed('free-pages', params)
        : found('free-pages', 'info', params, { sql: 'VACUUM;', action: maintain('vacuum-file') })
    }),
    judgeBloat(tables, thresholds, () => ({ sql: 'VACUUM;', action: maintain('vacuum-file') })),
    judged('disk-space', file, ({ diskFreeBytes, sizeBytes }) => {
      if (diskFreeBytes === null) return unknown('disk-space', 'failed')
      const params = { diskFreeBytes, sizeBytes }
      return diskFreeBytes >= sizeBytes * thresholds.diskForFile ? passed('disk-space', params) : found('disk-space', 'warning', params)
    }),
    judged('planner-statistics', file, ({ hasStatistics }) =>
      hasStatistics
        ? passed('planner-statistics')
        : found('planner-statistics', 'info', {}, { sql: 'PRAGMA optimize = 0x10002;', action: maintain('optimize') }),
    ),
    judged('auto-vacuum', file, ({ autoVacuum }) => passed('auto-vacuum', { mode: autoVacuum })),
    judged('file-busy', writes, ({ busyShare, looks }) => {
      if (busyShare === null) return unknown('file-busy', 'too-young')
      return busyShare < thresholds.busyShare
        ? passed('file-busy', { busyShare, looks })
        : found('file-busy', 'warning', { busyShare, looks })
    }),
    judged('foreign-key-unindexed', indexGaps, ({ foreignKeys }) =>
      listed(
        'foreign-key-unindexed',
        foreignKeys.map(({ table, columns, references, rows }) =>
          // No button: on SQLite an index belongs to the schema that the app's migrations keep.
          item(`${table} (${columns.join(', ')})`, (rows ?? 0) >= thresholds.indexedFromRows ? 'warning' : 'info', {
            params: { references, rows: rows ?? 0 },
            sql: `CREATE INDEX ${quoteName(`${table}_${columns.join('_')}_idx`)} ON ${quoteName(table)} (${quoteNames(columns)});`,
          }),
        ),
      ),
    ),
    ...(['index-duplicate', 'index-covered'] as const).map((code) =>
      judged(code, indexes, (all) =>
        listed(
          code,
          (code === 'index-duplicate' ? duplicatesOf : coveredBy)(all).map(({ index, of }) =>
            item(index.index, 'info', {
              wording: 'model',
              params: {
                table: index.table,
                sizeBytes: index.sizeBytes ?? 0,
                of: of.index,
                ...(code === 'index-covered' ? { longerBytes: of.sizeBytes ?? 0 } : {}),
              },
              sql: `DROP INDEX ${quoteName(index.index)};`,
            }),
          ),
        ),
      ),
    ),
  ])
}
