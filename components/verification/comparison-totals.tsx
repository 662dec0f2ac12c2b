'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { TableCell, TableHeader } from '@/components/ui/table'
import type { TableComparison } from '@/lib/verification/verification-result'
import { RowStateBadge } from './row-state-badge'
import { judge } from './verdict'

/** Last line of the comparison: the sums of all tables, whatever is filtered above. */
export function ComparisonTotals({ tables }: { tables: readonly TableComparison[] }) {
  const t = useTranslations('verification')
  const format = useFormatters()
  const verdict = judge(tables)
  const sum = (rows: number, isWhole: boolean) => (isWhole ? format.number(rows) : t('atLeast', { rows: format.number(rows) }))
  return (
    <tfoot className="border-line-strong border-t bg-sunken/60 font-medium">
      <tr>
        <TableHeader scope="row" className="h-9 whitespace-normal font-semibold text-ink text-sm">
          {t('total')} <span className="font-normal text-ink-faint">· {t('tables', { count: verdict.tables })}</span>
        </TableHeader>
        <TableCell className="text-right">{sum(verdict.sourceRows, verdict.isSourceWhole)}</TableCell>
        <TableCell className="text-right">{sum(verdict.targetRows, verdict.isTargetWhole)}</TableCell>
        <TableCell className="text-right">
          {verdict.isSourceWhole && verdict.isTargetWhole ? format.signed(verdict.targetRows - verdict.sourceRows) : t('rowState.unknown')}
        </TableCell>
        <TableCell className="max-sm:hidden" />
        <TableCell className="max-sm:hidden">{verdict.state === 'empty' ? null : <RowStateBadge state={verdict.state} />}</TableCell>
      </tr>
    </tfoot>
  )
}
