'use client'

import { useQuery } from '@tanstack/react-query'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import type { TableComparison } from '@/lib/verification/verification-result'
import type { ShownComparison } from './comparison-row'
import { judge, rowStateOf } from './verdict'
import { type ReportLine, reportQuery } from './verification-queries'

/** What the newest report says of contents; counting alone says nothing of them. */
export interface ComparedContents {
  readonly report: ReportLine
  readonly isIdentical: boolean
  /** Tables compared when all are identical, otherwise those that are not. */
  readonly tables: number
  /** What was compared of each table. */
  readonly compared: ReadonlyMap<string, TableComparison>
}

/** Counts of this moment with what the last report says of the contents, so that both are one verdict: a fault it found stays one. */
export function withContents(counted: readonly TableComparison[], contents: ComparedContents | null): readonly ShownComparison[] {
  if (!contents) return counted
  return counted.map((table) => {
    const last = contents.compared.get(table.table)
    // What was identical then may be another by now: only counted again, it stays a matter of counts.
    if (!last || rowStateOf(last) !== 'different') return table
    const { content, differences, differencesTotal, expected, reason, cause = null } = last
    const found = { content, differences, differencesTotal, ...(expected === undefined ? {} : { expected }), reason, cause }
    return { ...table, ...found, isFromReport: rowStateOf(table) !== 'different' }
  })
}

/** Null while it is loaded, and when that report only counted. */
export function useComparedContents(newest: ReportLine | undefined): ComparedContents | null {
  const { data: report } = useQuery({ ...reportQuery(newest?.id ?? ''), enabled: newest !== undefined })
  const compared = report?.tables.filter((table) => table.content !== 'unknown') ?? []
  if (!newest || !report || compared.length === 0) return null
  const verdict = judge(report.tables)
  const isIdentical = (verdict.state === 'identical' || verdict.state === 'changed') && report.status === 'succeeded'
  const others = report.tables.length - verdict.byState.identical - verdict.byState.changed
  const byName = new Map(report.tables.map((table) => [table.table, table]))
  return { report: newest, isIdentical, tables: isIdentical ? compared.length : others, compared: byName }
}

/** The newest report's word, beside the counts of this moment: a comparison only speaks of the time when it was made. */
export function LastComparison({ contents: { report, isIdentical, tables } }: { contents: ComparedContents }) {
  const t = useTranslations('verification.lastComparison')
  const Icon = isIdentical ? CircleCheck : TriangleAlert
  return (
    <Card className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
      <Icon aria-hidden className={classNames('size-5 shrink-0', isIdentical ? 'text-success-ink' : 'text-warning-ink')} />
      <p className="min-w-0 flex-1 text-sm">
        <span className="font-medium">{t(isIdentical ? 'identical' : tables === 0 ? 'structure' : 'notIdentical', { tables })}</span>{' '}
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
