'use client'

import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import type { AdminState } from '@/components/admin/state-queries'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { Skeleton } from '@/components/ui/skeleton'
import { StatusDot } from '@/components/ui/status-dot'
import { areTablesKnown, type OverviewAnswer } from './overview-queries'

export interface OverviewFactsProps {
  overview: OverviewAnswer | undefined
  state: AdminState | undefined
  /** The overview could not be read: its figures are unknown, not pending. */
  failed: boolean
}

/** Version, size, rows, users and worker, as figures. What is not known is said to be unknown, never 0. */
export function OverviewFacts({ overview, state, failed }: OverviewFactsProps) {
  const t = useTranslations()
  const format = useFormatters()
  const known = (value: number | null | undefined, show: (value: number) => string) =>
    value === undefined && !failed ? undefined : value == null ? t('common.notMeasured') : show(value)
  const counted = overview?.tables.filter((table) => table.rows !== null) ?? []
  const isKnown = overview !== undefined && areTablesKnown(overview)
  const rows =
    overview && (!isKnown || counted.length < overview.tables.length ? null : counted.reduce((sum, table) => sum + (table.rows ?? 0), 0))
  const isExact = counted.every((table) => table.rowsExact)
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-4 border-line border-t pt-4 sm:grid-cols-4 xl:grid-cols-5">
      <Fact
        name={overview ? t(`admin.engine.${overview.engine}`) : t('overview.version')}
        value={overview || failed ? (overview?.version ?? t('common.notMeasured')) : undefined}
      />
      <Fact name={t('overview.size')} value={known(overview?.sizeBytes, format.bytes)} />
      <Fact
        name={t('overview.rows')}
        value={known(rows, (value) => (isExact ? format.number(value) : t('overview.estimatedMark', { count: format.number(value) })))}
      />
      <Fact name={t('overview.users')} value={known(overview?.users, format.number)} />
      <Fact
        name={t('admin.worker.label')}
        value={
          state && (
            <span className="flex items-center gap-2">
              <StatusDot tone={state.worker.alive ? 'success' : 'danger'} />
              {t(state.worker.alive ? 'admin.worker.alive' : 'admin.worker.dead')}
            </span>
          )
        }
        note={
          state?.worker.alive === false && state.worker.lastSeenAt !== null ? (
            <TimeStamp iso={state.worker.lastSeenAt} relative />
          ) : undefined
        }
      />
    </dl>
  )
}

function Fact({ name, value, note }: { name: string; value: ReactNode | undefined; note?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-ink-faint text-xs">{name}</dt>
      <dd className="tabular mt-0.5 truncate font-semibold text-lg">{value ?? <Skeleton className="my-1 h-4 w-16" />}</dd>
      {note === undefined ? null : <dd className="text-ink-faint text-xs">{note}</dd>}
    </div>
  )
}
