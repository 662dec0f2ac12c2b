import type { HealthCheck, HealthItem, Panel } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { item, judged, listed } from './check'

interface Sized {
  readonly table: string
  readonly sizeBytes: number | null
  readonly bloatBytes: number | null
}

/** Tables with much wasted room. @param remedy what gives a table's room back, on this engine */
export function judgeBloat(
  tables: Panel<readonly Sized[]>,
  thresholds: Thresholds,
  remedy: (table: string) => Pick<HealthItem, 'sql' | 'action'>,
): HealthCheck {
  return judged('bloat', tables, (all) =>
    listed(
      'bloat',
      all
        .map(({ table, bloatBytes, sizeBytes }) => ({
          table,
          bloatBytes: bloatBytes ?? 0,
          partShare: (bloatBytes ?? 0) / (sizeBytes || 1),
        }))
        .filter(({ bloatBytes, partShare }) => bloatBytes >= thresholds.bloatBytes && partShare >= thresholds.bloatShare)
        .map(({ table, bloatBytes, partShare }) =>
          item(table, 'info', { params: { bloatBytes, partShare: Math.min(1, partShare) }, ...remedy(table) }),
        ),
    ),
  )
}
