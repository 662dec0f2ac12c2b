'use client'

import { useTranslations } from 'next-intl'
import type { TableComparison } from '@/lib/verification/verification-result'

/** The rows of one table that differ, by key and column. */
export function RowDifferences({ comparison }: { comparison: TableComparison }) {
  const t = useTranslations('verification')
  const { table, differences, differencesTotal } = comparison
  const more = differencesTotal - differences.length
  return (
    <ul aria-label={t('differencesOf', { table })} className="flex flex-col gap-1 py-1 font-mono text-xs">
      {differences.map((difference) => {
        const key = Object.entries(difference.key)
          .map(([name, value]) => `${name} = ${value}`)
          .join(', ')
        return (
          <li key={`${key} ${difference.column ?? ''}`} className="flex flex-wrap gap-x-3">
            <span className="break-all">{key}</span>
            <span className="text-ink-faint">{difference.column ?? t('wholeRow')}</span>
            <span className="text-danger-ink">{t(`kind.${difference.kind}`)}</span>
          </li>
        )
      })}
      {more > 0 ? <li className="text-ink-faint">{t('moreDifferences', { count: more })}</li> : null}
    </ul>
  )
}
