'use client'

import { FileCheck2 } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import { RowStateBadge } from './row-state-badge'
import type { ReportLine } from './verification-queries'

export interface ReportsListProps {
  reports: readonly ReportLine[] | undefined
  error: unknown
  onRetry: () => void
}

/** All kept verification reports, each a way to its page. */
export function ReportsList({ reports, error, onRetry }: ReportsListProps) {
  const t = useTranslations('verification')
  const format = useFormatters()
  return (
    <Card aria-labelledby="reports">
      <CardHeader title={t('reports')} titleId="reports" {...(reports?.length ? { description: t('reportsBody') } : {})} />
      {error && !reports ? (
        <CardBody>
          <ErrorPanel error={error} onRetry={onRetry} />
        </CardBody>
      ) : null}
      {!reports && !error ? (
        <CardBody>
          <SkeletonBlock label={t('loadingReport')} rows={3} />
        </CardBody>
      ) : null}
      {reports?.length === 0 ? (
        <EmptyState icon={<FileCheck2 />} title={t('noReports')} className="pt-4 pb-10">
          {t('noReportsBody')}
        </EmptyState>
      ) : null}
      {reports?.length ? (
        <Table label={t('reports')}>
          <TableHead>
            <tr>
              <TableHeader>{t('when')}</TableHeader>
              <TableHeader>{t('result')}</TableHeader>
              <TableHeader className="text-right">{t('rows')}</TableHeader>
              <TableHeader className="max-sm:hidden">{t('by')}</TableHeader>
              <TableHeader className="max-sm:hidden">{t('between')}</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {reports.map((report) => (
              <TableRow key={report.id} className="relative hover:bg-hover">
                <TableCell className="sm:whitespace-nowrap">
                  <Link
                    href={`/admin/verification/${report.id}`}
                    className="rounded font-medium underline-offset-4 after:absolute after:inset-0 hover:underline"
                  >
                    <TimeStamp iso={report.createdAt} />
                  </Link>
                </TableCell>
                <TableCell>
                  <ReportBadge report={report} />
                </TableCell>
                <TableCell className="text-right">{format.number(report.totals.sourceRows)}</TableCell>
                <TableCell className="max-w-48 truncate max-sm:hidden">{report.requestedBy}</TableCell>
                <TableCell className="max-w-80 truncate max-sm:hidden font-mono text-ink-faint text-xs">
                  {report.source.label} → {report.target.label}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      ) : null}
    </Card>
  )
}

/** The list knows totals only: whether all content was compared is on the report's own page. */
function ReportBadge({ report }: { report: ReportLine }) {
  const t = useTranslations('verification')
  const { differingTables, uncountedTables } = report.totals
  if (differingTables > 0) return <Badge tone="danger">{t('verdict.different', { tables: differingTables })}</Badge>
  if (uncountedTables > 0) return <RowStateBadge state="unknown" />
  return <Badge tone={report.status === 'succeeded' ? 'success' : 'danger'}>{t(`reportState.${report.status}`)}</Badge>
}
