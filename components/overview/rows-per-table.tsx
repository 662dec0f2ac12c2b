'use client'

import { useTranslations } from 'next-intl'
import { useMemo, useState } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { areTablesKnown, type OverviewAnswer } from './overview-queries'

const shownFirst = 14
/** A thousand bars help nobody; Verification has the searchable list. */
const shownAtMost = 200

export interface RowsPerTableProps {
  overview: OverviewAnswer | undefined
  /** The error is shown elsewhere; here stays nothing. */
  failed: boolean
}

/** A bar for each table, the largest first, with its rows and its size. */
export function RowsPerTable({ overview, failed }: RowsPerTableProps) {
  const t = useTranslations('overview')
  const common = useTranslations('common')
  const format = useFormatters()
  const [all, setAll] = useState(false)
  const tables = useMemo(() => [...(overview?.tables ?? [])].sort((a, b) => (b.rows ?? -1) - (a.rows ?? -1)), [overview])
  if (failed) return null
  const largest = Math.max(1, ...tables.map((table) => table.rows ?? 0))
  const isExact = tables.every((table) => table.rowsExact)
  const tone = overview?.engine === 'postgresql' ? 'var(--postgres)' : 'var(--sqlite)'
  return (
    <Card aria-labelledby="rows-per-table">
      <CardHeader
        title={t('rowsPerTable')}
        titleId="rows-per-table"
        actions={
          overview && tables.length > 0 ? <span className="text-ink-faint text-xs">{t(isExact ? 'exact' : 'estimated')}</span> : undefined
        }
      />
      <CardBody>
        {overview ? null : <SkeletonBlock label={t('loading')} rows={8} />}
        {overview && tables.length === 0 ? (
          <p className="text-ink-faint text-sm">{areTablesKnown(overview) ? t('noTables') : common('notMeasured')}</p>
        ) : null}
        <ul className="flex flex-col gap-1">
          {tables.slice(0, all ? shownAtMost : shownFirst).map((table) => (
            <li
              key={table.table}
              className="relative grid grid-cols-[minmax(0,1fr)_auto_4.5rem] items-center gap-3 rounded px-2 py-1 text-sm"
            >
              <span
                aria-hidden
                className="absolute inset-y-0 left-0 rounded opacity-18"
                style={{ width: `${Math.max(0.5, ((table.rows ?? 0) / largest) * 100)}%`, background: tone }}
              />
              <span className="relative truncate">{table.table}</span>
              <span className="tabular relative font-medium">
                {table.rows === null
                  ? common('notMeasured')
                  : table.rowsExact
                    ? format.number(table.rows)
                    : t('estimatedMark', { count: format.number(table.rows) })}
              </span>
              <span className="tabular relative text-right text-ink-soft text-xs">
                {table.sizeBytes === null ? '' : format.bytes(table.sizeBytes)}
              </span>
            </li>
          ))}
        </ul>
        {tables.length > shownFirst ? (
          <Button variant="quiet" size="small" className="mt-2" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t('showLess') : t('showAll', { count: Math.min(tables.length, shownAtMost) })}
          </Button>
        ) : null}
      </CardBody>
    </Card>
  )
}
