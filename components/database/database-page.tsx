'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { isActive, recentJobsQuery } from '@/components/jobs/job-queries'
import { ScheduleCard } from '@/components/schedules/schedule-card'
import { Button } from '@/components/ui/button'
import { LoadingCard } from '@/components/ui/loading-card'
import { ChecksCard } from './checks-card'
import { healthQuery, refreshDatabase } from './database-queries'
import { DetailsCard } from './details-card'
import { HistoryCard } from './history-card'
import { MaintenanceCard } from './maintenance-card'
import { RunningMaintenance } from './running-maintenance'
import { SummaryCard } from './summary-card'

/** The active database: how it is, what to do about it, and its maintenance. */
export function DatabasePage() {
  const t = useTranslations('database')
  const queryClient = useQueryClient()
  const health = useQuery(healthQuery())
  const { data: jobs } = useQuery(recentJobsQuery(50))
  const maintenance = jobs?.filter(({ kind }) => kind === 'maintain') ?? []
  const running = maintenance.find(isActive)
  const runningId = running?.id
  const before = useRef(runningId)
  useEffect(() => {
    // What it did is seen in the figures.
    if (before.current !== undefined && before.current !== runningId) void refreshDatabase(queryClient)
    before.current = runningId
  }, [runningId, queryClient])
  const report = health.data
  return (
    <>
      <PageHeader
        title={t('title')}
        description={t('description')}
        actions={
          <Button icon={<RefreshCw aria-hidden />} pending={health.isFetching} onClick={() => void refreshDatabase(queryClient)}>
            {t('refresh')}
          </Button>
        }
      />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        {health.error ? <ErrorPanel error={health.error} onRetry={() => void health.refetch()} /> : null}
        {running ? <RunningMaintenance key={running.id} job={running} /> : null}
        {health.isPending ? (
          <>
            <LoadingCard label={t('loading')} rows={4} />
            <LoadingCard label={t('loading')} rows={8} />
          </>
        ) : null}
        {report ? (
          <>
            <SummaryCard report={report} />
            <ChecksCard checks={report.checks} />
            <DetailsCard key={report.engine} report={report} />
            <HistoryCard engine={report.engine} />
            <MaintenanceCard engine={report.engine} runs={maintenance.filter((job) => !isActive(job))} isBusy={running !== undefined} />
            <ScheduleCard
              kind="maintain"
              title={t('schedule')}
              description={t(`scheduleBody.${report.engine}`)}
              suggestion="0 4 * * 0"
              payload={{ operation: 'routine' }}
            />
          </>
        ) : null}
      </div>
    </>
  )
}
