'use client'

import { useQuery } from '@tanstack/react-query'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import { judge } from './verdict'
import { type ReportLine, reportQuery } from './verification-queries'

/**
 * What the newest report says of the rows' contents, beside the counts of this moment: counting says nothing of contents,
 * and a comparison only speaks of the time when it was made. Nothing when that report only counted.
 */
export function LastComparison({ newest }: { newest: ReportLine }) {
  const t = useTranslations('verification.lastComparison')
  const { data: report } = useQuery(reportQuery(newest.id))
  const compared = report?.tables.filter((table) => table.content !== 'unknown') ?? []
  if (!report || compared.length === 0) return null
  const verdict = judge(report.tables)
  const isIdentical = (verdict.state === 'identical' || verdict.state === 'changed') && report.status === 'succeeded'
  const Icon = isIdentical ? CircleCheck : TriangleAlert
  const values = { tables: isIdentical ? compared.length : report.tables.length - verdict.byState.identical - verdict.byState.changed }
  return (
    <Card className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
      <Icon aria-hidden className={classNames('size-5 shrink-0', isIdentical ? 'text-success-ink' : 'text-warning-ink')} />
      <p className="min-w-0 flex-1 text-sm">
        <span className="font-medium">{t(isIdentical ? 'identical' : values.tables === 0 ? 'structure' : 'notIdentical', values)}</span>{' '}
        <span className="text-ink-soft">
          {t('by', { name: report.requestedBy })} <TimeStamp iso={report.createdAt} relative />
        </span>
      </p>
      <LinkButton href={`/admin/verification/${report.id}`} variant="quiet">
        {t('open')}
      </LinkButton>
    </Card>
  )
}
