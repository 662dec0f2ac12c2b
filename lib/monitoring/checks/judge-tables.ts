import { qualifiedName } from '@/lib/core/quoted-name'
import type { HealthCheck, PostgresPanels, TableFigures } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { item, judged, listed, maintain } from './check'
import { judgeBloat } from './judge-bloat'

/** Dead rows, old statistics, wasted room and whole reads, table by table. */
export function judgeTables({ tables }: Pick<PostgresPanels, 'tables'>, schema: string, thresholds: Thresholds): readonly HealthCheck[] {
  const vacuum = (table: string, how: string) => `VACUUM ${how}${qualifiedName(schema, table)};`
  const many = (code: 'dead-rows' | 'statistics-stale', operation: 'vacuum' | 'analyze', names: readonly string[]) =>
    names.length > 1 ? { action: maintain(operation, names), sql: null } : { code }
  return [
    judged('dead-rows', tables, (all) => {
      const dead = all
        .filter(({ deadRows }) => (deadRows ?? 0) >= thresholds.deadRows)
        .filter((table) => shareOf(table.deadRows, table) >= thresholds.deadShare)
      return listed(
        'dead-rows',
        dead.map((table) =>
          item(table.table, 'warning', {
            params: { dead: table.deadRows ?? 0, partShare: shareOf(table.deadRows, table) },
            wording: table.lastVacuumAt === null ? 'never' : 'item',
            sql: vacuum(table.table, '(ANALYZE) '),
            action: maintain('vacuum', [table.table]),
          }),
        ),
        {},
        many(
          'dead-rows',
          'vacuum',
          dead.map(({ table }) => table),
        ),
      )
    }),
    judged('statistics-stale', tables, (all) => {
      const stale = all.filter((table) => isStale(table, thresholds))
      return listed(
        'statistics-stale',
        stale.map(({ table, lastAnalyzeAt, changedRows }) =>
          item(table, 'info', {
            params: { changed: changedRows ?? 0 },
            wording: lastAnalyzeAt === null ? 'never' : 'item',
            sql: `ANALYZE ${qualifiedName(schema, table)};`,
            action: maintain('analyze', [table]),
          }),
        ),
        {},
        many(
          'statistics-stale',
          'analyze',
          stale.map(({ table }) => table),
        ),
      )
    }),
    judgeBloat(tables, thresholds, (table) => ({
      sql: `${vacuum(table, '(ANALYZE) ')}  -- makes the room usable again\nVACUUM FULL ${qualifiedName(schema, table)};  -- gives it back, but locks the table while it runs`,
      action: maintain('vacuum', [table]),
    })),
    judged('whole-table-reads', tables, (all) =>
      listed(
        'whole-table-reads',
        all
          .filter(
            ({ rows, wholeReads, indexReads }) =>
              (rows ?? 0) >= thresholds.indexedFromRows &&
              (wholeReads ?? 0) >= thresholds.wholeReads &&
              (wholeReads ?? 0) > (indexReads ?? 0),
          )
          .map(({ table, wholeReads, rows }) => item(table, 'info', { params: { reads: wholeReads ?? 0, rows: rows ?? 0 } })),
      ),
    ),
  ]
}

function shareOf(part: number | null, { rows, deadRows }: TableFigures): number {
  const all = Math.max(0, rows ?? 0) + (deadRows ?? 0)
  return all === 0 ? 0 : Math.min(1, (part ?? 0) / all)
}

function isStale({ changedRows, rows, lastAnalyzeAt }: TableFigures, thresholds: Thresholds): boolean {
  const changed = changedRows ?? 0
  if (changed < thresholds.staleRows) return false
  return lastAnalyzeAt === null || changed / Math.max(1, rows ?? 0) >= thresholds.staleShare
}
