'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ListRestart, ScanSearch, TableProperties } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { JobError } from '@/components/jobs/job-error'
import { isActive, recentJobsQuery, startJobMutation } from '@/components/jobs/job-queries'
import { ScheduleCard } from '@/components/schedules/schedule-card'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import { whyNotComparable } from './comparable'
import { ComparisonTable } from './comparison-table'
import { FunctionsCard } from './functions-card'
import { LastComparison, useComparedContents, withContents } from './last-comparison'
import { ReportsList } from './reports-list'
import { RunningVerification } from './running-verification'
import { VerdictPanel } from './verdict-panel'
import { countsQuery, reportsQuery } from './verification-queries'

/** Both databases side by side, counted now; the kept reports below. */
export function VerificationPage() {
  const t = useTranslations('verification')
  const format = useFormatters()
  const queryClient = useQueryClient()
  const state = useQuery(adminStateQuery())
  const status = state.data?.state.status
  const obstacle = state.data ? whyNotComparable(state.data.state) : undefined
  const hasPair = obstacle === null
  const counts = useQuery({ ...countsQuery(), enabled: hasPair })
  const reports = useQuery(reportsQuery())
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const start = useMutation(startJobMutation(queryClient))
  const lastVerify = jobs?.find((job) => job.kind === 'verify')
  const contents = useComparedContents(reports.data?.[0])
  const running = lastVerify && isActive(lastVerify) ? lastVerify : undefined
  const broken = lastVerify && lastVerify.error !== null && !isActive(lastVerify) ? lastVerify : undefined
  const shown = counts.data ? withContents(counts.data.tables, contents) : []
  const error = start.error ?? counts.error ?? state.error

  return (
    <>
      <PageHeader
        title={t('title')}
        description={t('description')}
        actions={
          hasPair ? (
            <>
              <LinkButton href="/admin/verification/look-inside" variant="quiet" icon={<TableProperties aria-hidden />}>
                {t('lookInsideLink')}
              </LinkButton>
              <Button pending={counts.isFetching} onClick={() => void counts.refetch()} icon={<ListRestart aria-hidden />}>
                {t('countNow')}
              </Button>
              <Button
                variant="primary"
                pending={start.isPending || running !== undefined}
                onClick={() => start.mutate({ kind: 'verify' })}
                icon={<ScanSearch aria-hidden />}
              >
                {t(reports.data?.length ? 'verifyAgain' : 'verify')}
              </Button>
            </>
          ) : undefined
        }
      />
      <div className="flex flex-col gap-4">
        {hasPair ? <WorkerNotice /> : null}
        {error ? <ErrorPanel error={error} announce={start.error !== null} /> : null}
        {running ? <RunningVerification job={running} /> : null}
        {broken && !running ? <JobError job={broken} /> : null}
        {obstacle ? (
          <Card>
            <EmptyState
              icon={<ScanSearch />}
              title={t(`notComparable.${obstacle}.title`)}
              action={
                <LinkButton href="/admin/migration" variant={obstacle === 'nothing' ? 'primary' : 'secondary'}>
                  {t('toMigration')}
                </LinkButton>
              }
            >
              {t(`notComparable.${obstacle}.body`)}
            </EmptyState>
          </Card>
        ) : null}
        {(hasPair && counts.isPending) || state.isPending ? <LoadingCard label={t('loading')} rows={8} /> : null}
        {hasPair && counts.data ? (
          <>
            <VerdictPanel
              tables={shown}
              source={counts.data.source}
              target={counts.data.target}
              targetInUse={status === 'on-postgresql'}
              contentsDiffer={contents !== null && !contents.isIdentical}
              facts={[
                { name: t('when'), value: <TimeStamp iso={counts.data.readAt} relative /> },
                { name: t('took'), value: format.duration(counts.data.elapsedMs) },
              ]}
            />
            {contents ? <LastComparison contents={contents} /> : null}
            <Card aria-labelledby="live-counts">
              <CardHeader title={t('liveCounts')} titleId="live-counts" />
              <ComparisonTable tables={shown} {...(contents ? { reportId: contents.report.id } : {})} />
            </Card>
          </>
        ) : null}
        <FunctionsCard />
        <ScheduleCard kind="verify" title={t('schedule.title')} description={t('schedule.description')} suggestion="0 3 * * *" />
        <ReportsList reports={reports.data} error={reports.error} onRetry={() => void reports.refetch()} />
      </div>
    </>
  )
}
