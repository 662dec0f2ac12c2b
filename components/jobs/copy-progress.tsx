'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Progress } from '@/components/ui/progress'
import type { JobProgress } from './job-progress'
import { usePhaseName } from './use-phase-name'

/** All rows as one bar: share, rows, rate, time left. */
export function CopyProgress({ progress, live }: { progress: JobProgress; live: boolean }) {
  const t = useTranslations('jobs')
  const format = useFormatters()
  const phaseName = usePhaseName()
  // A verification has no copy: its bar follows whichever phase counts or compares.
  const measured = progress.phases.some((phase) => phase.phase === 'copy') ? 'copy' : progress.totals?.phase
  const totals = progress.totals?.phase === measured ? progress.totals : null
  const { rowsDone, rowsTotal } = totals ?? sumRows(progress)
  const copied = progress.phases.some((phase) => phase.phase === measured && phase.status === 'succeeded')
  const share = copied ? 1 : rowsTotal === null ? null : rowsTotal === 0 ? 0 : rowsDone / rowsTotal
  const isCopying = live && progress.phases.some((phase) => phase.phase === measured && phase.status === 'started')
  const rows =
    rowsTotal === null
      ? t('rowsDone', { done: format.number(rowsDone) })
      : t('rowsOf', { done: format.number(rowsDone), total: format.number(rowsTotal) })
  // Before there are rows to count, the step at work says more than a dash.
  const started = progress.phases.find((phase) => phase.status === 'started' || phase.status === 'reconnecting')
  const before = started && live ? `${phaseName(started.phase).title}…` : '–'
  return (
    <div>
      <div className="mb-2 flex flex-wrap items-end justify-between gap-x-6 gap-y-1">
        <p className="tabular font-semibold text-3xl tracking-tight">{share === null ? before : format.percent(share)}</p>
        <div className="tabular flex flex-wrap gap-x-4 text-ink-soft text-sm">
          {share === null && rowsDone === 0 ? null : <span>{rows}</span>}
          {isCopying && totals?.rowsPerSecond != null ? (
            <span>{t('rate', { rate: format.number(Math.round(totals.rowsPerSecond)) })}</span>
          ) : null}
          {totals?.bytesDone ? <span>{format.bytes(totals.bytesDone)}</span> : null}
          {isCopying ? (
            <span>
              {totals?.remainingMs == null ? t('leftUnknown') : t('left', { time: format.duration(Math.max(1000, totals.remainingMs)) })}
            </span>
          ) : null}
        </div>
      </div>
      <Progress
        value={progress.phases.length === 0 ? 0 : share}
        label={t('overall')}
        valueText={rows}
        size="thick"
        tone={copied ? 'success' : 'postgres'}
      />
    </div>
  )
}

/** Rows of all tables added up: what is left when a later phase has overwritten the totals. */
function sumRows(progress: JobProgress): { rowsDone: number; rowsTotal: number | null } {
  const rowsDone = progress.tables.reduce((sum, table) => sum + table.rowsDone, 0)
  const known = progress.tables.length > 0 && progress.tables.every((table) => table.rowsTotal !== null)
  return { rowsDone, rowsTotal: known ? progress.tables.reduce((sum, table) => sum + (table.rowsTotal ?? 0), 0) : null }
}
