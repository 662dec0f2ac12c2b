'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { classNames } from '@/components/ui/class-names'
import { faultsOf, type RowDifference, type TableComparison } from '@/lib/verification/verification-result'
import { DifferenceValues } from './difference-values'
import { Pager } from './pager'
import { RecopyButton } from './recopy-button'
import { differencesPageSize, differencesQuery } from './verification-queries'

export interface RowDifferencesProps {
  comparison: TableComparison
  reportId?: string
}

/** The rows of one table that differ, by key and column, a page at a time; the values of each on demand. */
export function RowDifferences({ comparison, reportId }: RowDifferencesProps) {
  const t = useTranslations('verification')
  const { table, differencesTotal } = comparison
  const [pageIndex, setPageIndex] = useState(0)
  const { data, error } = useQuery({
    ...differencesQuery(reportId ?? '', table, pageIndex * differencesPageSize),
    enabled: reportId !== undefined,
    placeholderData: keepPreviousData,
  })
  const named = data?.named ?? comparison.differences.length
  const shown = data?.differences ?? comparison.differences.slice(0, differencesPageSize)
  const more = differencesTotal - named
  return (
    <div className="flex flex-col gap-2 py-2">
      {reportId !== undefined && faultsOf(comparison) > 0 ? (
        <div className="flex flex-wrap gap-2">
          <RecopyButton table={table} />
        </div>
      ) : null}
      {error ? <ErrorPanel error={error} /> : null}
      <ul aria-label={t('differencesOf', { table })} className="flex flex-col divide-y divide-line">
        {shown.map((difference) => (
          <Difference
            key={`${JSON.stringify(difference.key)} ${difference.column ?? ''}`}
            table={table}
            difference={difference}
            isKept={reportId !== undefined}
          />
        ))}
      </ul>
      {more > 0 ? <p className="text-ink-faint text-xs">{t('moreDifferences', { count: more })}</p> : null}
      <Pager pageIndex={pageIndex} pageSize={differencesPageSize} total={named} onChange={setPageIndex} />
    </div>
  )
}

function Difference({ table, difference, isKept }: { table: string; difference: RowDifference; isKept: boolean }) {
  const t = useTranslations('verification')
  const { key, column, kind, because } = difference
  const printed = Object.entries(key)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')
  return (
    <li className="flex flex-col gap-1.5 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 font-mono text-xs">
        <span className="break-all font-medium">{printed}</span>
        <span className="text-ink-faint">{column ?? t('wholeRow')}</span>
        <span className={classNames(because ? 'text-info-ink' : 'text-danger-ink')}>
          {because ? t(`because.${because}`) : t(`kind.${kind}`)}
        </span>
        {isKept && !because ? <RecopyButton table={table} rowKey={key} /> : null}
      </div>
      {isKept ? <DifferenceValues request={{ table, key, ...(column === null ? {} : { columns: [column] }) }} /> : null}
    </li>
  )
}
