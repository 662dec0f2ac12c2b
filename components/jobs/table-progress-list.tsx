'use client'

import { Table2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { memo, useDeferredValue, useState } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { EmptyState } from '@/components/ui/empty-state'
import { Progress } from '@/components/ui/progress'
import { SearchInput } from '@/components/ui/search-input'
import { StatusDot } from '@/components/ui/status-dot'
import type { TableProgress } from '@/lib/core/progress'

/** More rows than this are not drawn at once; the running ones come first, and a search finds the rest. */
const shownAtMost = 60
const searchFrom = 15

const rank = { failed: 0, running: 1, waiting: 2, done: 3 } as const
const dotTones = { waiting: 'neutral', running: 'postgres', done: 'success', failed: 'danger' } as const

export interface TableProgressListProps {
  tables: readonly TableProgress[]
}

/** A bar for every table that is copied: rows done, rows to do, rate. */
export function TableProgressList({ tables }: TableProgressListProps) {
  const t = useTranslations('jobs')
  const [search, setSearch] = useState('')
  const wanted = useDeferredValue(search.trim().toLowerCase())
  if (tables.length === 0) return <EmptyState icon={<Table2 />} title={t('noTablesYet')} className="py-8" />

  // A handful keeps its order so that nothing jumps; of many the ones at work must be in sight.
  const ordered = tables.length > searchFrom ? [...tables].sort((a, b) => rank[a.state] - rank[b.state]) : tables
  const found = wanted === '' ? ordered : ordered.filter((table) => table.table.toLowerCase().includes(wanted))
  const shown = found.slice(0, shownAtMost)
  return (
    <div className="flex flex-col gap-3">
      {tables.length > searchFrom ? <SearchInput label={t('filterTables')} value={search} onChange={setSearch} /> : null}
      <ul className="grid gap-x-8 gap-y-2.5 lg:grid-cols-2">
        {shown.map((table) => (
          <TableRowProgress key={table.table} progress={table} />
        ))}
      </ul>
      {found.length > shown.length ? (
        <p className="text-ink-faint text-xs">{t('moreTables', { count: found.length - shown.length })}</p>
      ) : null}
    </div>
  )
}

const TableRowProgress = memo(function TableRowProgress({ progress }: { progress: TableProgress }) {
  const t = useTranslations('jobs')
  const format = useFormatters()
  const { table, state, rowsDone, rowsTotal, rowsPerSecond } = progress
  const done = format.number(rowsDone)
  const rows = rowsTotal === null ? t('rowsDone', { done }) : t('rowsOf', { done, total: format.number(rowsTotal) })
  const share = state === 'done' ? 1 : rowsTotal === null ? null : rowsTotal === 0 ? 0 : rowsDone / rowsTotal
  return (
    <li className="min-w-0">
      <div className="flex items-baseline justify-between gap-3 text-sm">
        <span className="flex min-w-0 items-center gap-2">
          <StatusDot tone={dotTones[state]} pulse={state === 'running'} />
          <span className="truncate" title={table}>
            {table}
          </span>
          <span className="sr-only">{t(`tableState.${state}`)}</span>
        </span>
        <span className="tabular shrink-0 text-ink-faint text-xs">
          {state === 'running' && rowsPerSecond !== null ? (
            <span className="max-sm:hidden">{t('rateShort', { rate: format.compact(rowsPerSecond) })} · </span>
          ) : null}
          <span className="text-ink-soft">
            {done}
            {rowsTotal === null ? '' : ` / ${format.number(rowsTotal)}`}
          </span>
        </span>
      </div>
      <Progress
        className="mt-1"
        value={state === 'waiting' ? 0 : share}
        tone={state === 'done' ? 'success' : state === 'failed' ? 'danger' : 'postgres'}
        label={t('tableBar', { table })}
        valueText={rows}
      />
    </li>
  )
})
