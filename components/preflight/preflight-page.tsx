'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { JobError } from '@/components/jobs/job-error'
import { isActive, recentJobsQuery } from '@/components/jobs/job-queries'
import { Callout } from '@/components/ui/callout'
import { Card } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import { CheckGroups } from './check-groups'
import { KeyAlarm } from './key-alarm'
import { KeyFingerprints } from './key-fingerprints'
import { PlanCard } from './plan-card'
import { latestPreflightQuery, preflightKeys } from './preflight-queries'
import { PreflightTarget } from './preflight-target'
import { RunningPreflight } from './running-preflight'
import { VerdictCard } from './verdict-card'

/** "Am I ready?": the newest preflight, its plan, the keys, and the way to run it again. */
export function PreflightPage() {
  const t = useTranslations('preflight')
  const queryClient = useQueryClient()
  const state = useQuery(adminStateQuery())
  const latest = useQuery(latestPreflightQuery())
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const last = jobs?.find(({ kind }) => kind === 'preflight')
  const running = last && isActive(last) ? last : undefined
  const endedId = last && !isActive(last) ? last.id : undefined
  useEffect(() => {
    // The list of jobs may know of the end before the stream does: the report is asked for whoever was first.
    if (endedId !== undefined) void queryClient.invalidateQueries({ queryKey: preflightKeys.latest })
  }, [endedId, queryClient])
  const broken = last && last.error !== null && !isActive(last) ? last : undefined
  const report = latest.data
  const isPossible = state.data?.state.status === 'on-sqlite'
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        <KeyAlarm />
        {latest.error && !report ? <ErrorPanel error={latest.error} onRetry={() => void latest.refetch()} /> : null}
        {state.error && !state.data ? <ErrorPanel error={state.error} onRetry={() => void state.refetch()} /> : null}
        {latest.isPending ? <LoadingCard label={t('loading')} rows={6} /> : null}
        {state.data && !isPossible ? <Callout tone="info" title={t('notNow')} /> : null}
        {running ? <RunningPreflight key={running.id} job={running} /> : null}
        {broken && !running ? <JobError job={broken} /> : null}
        {report ? <VerdictCard report={report} /> : null}
        {latest.isSuccess && !report && !running ? (
          <Card>
            <EmptyState icon={<ListChecks />} title={t('never')}>
              {t('neverBody')}
            </EmptyState>
          </Card>
        ) : null}
        {state.data && isPossible ? (
          <PreflightTarget
            environmentTarget={state.data.environmentTargetLabel}
            again={report !== null && report !== undefined}
            busy={running !== undefined}
          />
        ) : null}
        {report ? (
          <>
            <CheckGroups key={report.id} result={report.result} />
            <PlanCard result={report.result} />
          </>
        ) : null}
        <KeyFingerprints />
      </div>
    </>
  )
}
