'use client'

import { ChevronDown, ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { memo, useState } from 'react'
import { codedMessages } from '@/components/format/coded-messages'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import { TableCell, TableHeader, TableRow } from '@/components/ui/table'
import type { TableComparison } from '@/lib/verification/verification-result'
import { wordCause } from './cause-words'
import { RowDifferences } from './row-differences'
import { RowStateBadge } from './row-state-badge'
import { differenceOf, missingSideOf, rowStateOf } from './verdict'

/** Counts of the moment may be shown with the contents of the last report. */
export interface ShownComparison extends TableComparison {
  readonly isFromReport?: boolean
}

export interface ComparisonRowProps {
  comparison: ShownComparison
  /** Rows of the largest table: the bars' whole width. */
  most: number
  reportId?: string
}

/** One table: its counts, their bars, the difference, the state, and the rows that differ on demand. */
export const ComparisonRow = memo(function ComparisonRow({ comparison, most, reportId }: ComparisonRowProps) {
  const t = useTranslations('verification')
  const common = useTranslations('common')
  const format = useFormatters()
  const [open, setOpen] = useState(false)
  const { table, sourceRows, targetRows, leftOut, content, differences } = comparison
  const reason = wordCause(codedMessages(useTranslations('verification.cause')), comparison)
  const state = rowStateOf(comparison)
  const difference = differenceOf(comparison)
  const missing = missingSideOf(comparison)
  const count = (side: 'source' | 'target', rows: number | null) =>
    missing === side ? (
      <span className="text-ink-faint" title={t('noTableSide')}>
        {t('noTable')}
      </span>
    ) : rows === null ? (
      <span className="text-warning-ink">{common('unknown')}</span>
    ) : (
      format.number(rows)
    )
  return (
    <>
      <TableRow className={classNames(state === 'different' && 'bg-danger-soft/50', state === 'unknown' && 'bg-warning-soft/50')}>
        <TableHeader scope="row" className="h-9 max-w-72 py-1 max-sm:max-w-32 font-medium text-ink text-sm">
          <span className="flex items-center gap-1">
            {differences.length === 0 ? null : (
              <Button
                variant="quiet"
                size="small"
                className="-ml-1 size-6 px-0"
                aria-expanded={open}
                aria-label={t(open ? 'hideDifferences' : 'showDifferences')}
                onClick={() => setOpen(!open)}
                icon={open ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
              />
            )}
            <span className="truncate" title={table}>
              {table}
            </span>
          </span>
          <TwoBars source={sourceRows ?? 0} target={targetRows ?? 0} most={most} />
          {/* A phone has no room for the last two columns; the state says the weightier of both. */}
          <span className="mt-1 block sm:hidden">
            <RowStateBadge state={state} />
          </span>
          {leftOut === undefined ? null : (
            <span className="block whitespace-normal font-normal text-ink-soft text-xs">
              {t('leftOut', { count: leftOut, shown: format.number(leftOut) })}
            </span>
          )}
          {reason === null || state === 'equal' || state === 'changed' ? null : (
            <span className="block whitespace-normal font-normal text-ink-soft text-xs">{reason}</span>
          )}
        </TableHeader>
        <TableCell className="text-right">{count('source', sourceRows)}</TableCell>
        <TableCell className="text-right">{count('target', targetRows)}</TableCell>
        <TableCell
          className={classNames(
            'text-right',
            difference === 0 ? 'text-ink-faint' : state === 'different' ? 'font-semibold text-danger-ink' : 'text-ink-soft',
          )}
        >
          {difference === null ? <span className="font-normal text-warning-ink">{common('unknown')}</span> : format.signed(difference)}
        </TableCell>
        <TableCell
          className={classNames(
            'whitespace-nowrap max-sm:hidden',
            content === 'identical' ? 'text-success-ink' : content === 'different' ? 'text-danger-ink' : 'text-ink-faint',
          )}
        >
          {t(`contentState.${content}`)}
          {comparison.isFromReport ? <span className="block font-normal text-ink-faint text-xs">{t('contentAsOf')}</span> : null}
        </TableCell>
        <TableCell className="max-sm:hidden">
          <RowStateBadge state={state} />
        </TableCell>
      </TableRow>
      {open ? (
        <TableRow>
          <TableCell colSpan={6} className="bg-sunken/50">
            <RowDifferences comparison={comparison} {...(reportId === undefined ? {} : { reportId })} />
          </TableCell>
        </TableRow>
      ) : null}
    </>
  )
})

/** Both counts as thin bars on one scale; on a square-root scale, so that a small table still shows. */
function TwoBars({ source, target, most }: { source: number; target: number; most: number }) {
  const width = (rows: number) => `${Math.sqrt(rows / most) * 100}%`
  return (
    <span aria-hidden className="mt-0.5 flex w-full min-w-24 flex-col gap-px">
      <span className="h-[3px] rounded-full bg-sqlite" style={{ width: width(source) }} />
      <span className="h-[3px] rounded-full bg-postgres" style={{ width: width(target) }} />
    </span>
  )
}
