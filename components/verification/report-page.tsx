'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { FindingsTable } from '@/components/jobs/findings-table'
import { Card, CardHeader } from '@/components/ui/card'
import { LoadingCard } from '@/components/ui/loading-card'
import { AspectsPanel } from './aspects-panel'
import { ComparisonTable } from './comparison-table'
import { ReportActions } from './report-actions'
import { RunningOf } from './running-of'
import { VerdictPanel } from './verdict-panel'
import { reportQuery } from './verification-queries'

const recopyKinds = ['recopy', 'verify'] as const

/** One kept report, as it was. */
export function ReportPage({ reportId }: { reportId: string }) {
  const t = useTranslations('verification')
  const jobs = useTranslations('jobs')
  const format = useFormatters()
  const { data: report, error, refetch } = useQuery(reportQuery(reportId))
  return (
    <>
      <PageHeader
        back={{ href: '/admin/verification', label: t('backToList') }}
        title={t('oneTitle')}
        {...(report ? { description: <TimeStamp iso={report.createdAt} /> } : {})}
      />
      {error ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
      {!report && !error ? <LoadingCard label={t('loadingReport')} rows={8} /> : null}
      {report ? (
        <div className="flex flex-col gap-4">
          <VerdictPanel
            tables={report.tables}
            status={report.status}
            source={report.source}
            target={report.target}
            facts={[
              { name: t('when'), value: <TimeStamp iso={report.startedAt} /> },
              { name: t('by'), value: report.requestedBy },
              { name: t('took'), value: format.duration(report.elapsedMs) },
              ...(report.compared
                ? [
                    {
                      name: t('compared'),
                      value: t('comparedRows', { rows: format.number(report.compared.rows), bytes: format.bytes(report.compared.bytes) }),
                    },
                  ]
                : []),
              ...(report.checksum === undefined
                ? []
                : [{ name: t('checksum'), value: <code className="font-mono text-xs">{report.checksum.slice(0, 12)}</code> }]),
            ]}
          />
          <ReportActions reportId={report.id} />
          {report.aspects?.length ? <AspectsPanel aspects={report.aspects} /> : null}
          <RunningOf kinds={recopyKinds} />
          <Card aria-labelledby="report-tables">
            <CardHeader title={t('tables', { count: report.tables.length })} titleId="report-tables" />
            <ComparisonTable tables={report.tables} reportId={report.id} />
          </Card>
          {report.findings.length > 0 ? (
            <Card aria-labelledby="report-findings">
              <CardHeader title={jobs('findings')} titleId="report-findings" />
              <FindingsTable of="proof" findings={report.findings} />
            </Card>
          ) : null}
        </div>
      ) : null}
    </>
  )
}
