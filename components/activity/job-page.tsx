'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { CancelJobButton } from '@/components/jobs/cancel-job-button'
import { CopyProgress } from '@/components/jobs/copy-progress'
import { FindingsTable } from '@/components/jobs/findings-table'
import { JobAnnouncer } from '@/components/jobs/job-announcer'
import { isActive, retryJobMutation } from '@/components/jobs/job-queries'
import { JobStatusBadge } from '@/components/jobs/job-status-badge'
import { LogView } from '@/components/jobs/log-view'
import { PhaseStepper } from '@/components/jobs/phase-stepper'
import { StreamBadge } from '@/components/jobs/stream-badge'
import { TableProgressList } from '@/components/jobs/table-progress-list'
import { useJob } from '@/components/jobs/use-job'
import { RepairsCard } from '@/components/migration/repairs-card'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { JobView } from '@/lib/jobs/job'
import { JobFacts } from './job-facts'

/** Kinds that may be repeated by a press; the weighty ones start on the Migration page, with their confirmation. */
const repeatable: ReadonlySet<JobView['kind']> = new Set(['migrate', 'verify'])

/** One job: its steps, its log, what it found, how it ended; live while it runs. */
export function JobPage({ jobId }: { jobId: string }) {
  const t = useTranslations()
  const router = useRouter()
  const queryClient = useQueryClient()
  const { job, progress, stream, error, refetch } = useJob(jobId)
  const retry = useMutation({
    ...retryJobMutation(queryClient),
    onSuccess: ({ job: next }) => router.push(next.kind === 'migrate' ? '/admin/migration' : `/admin/activity/${next.id}`),
  })
  const live = job !== undefined && isActive(job)
  const canRetry = job !== undefined && !live && job.status !== 'succeeded' && repeatable.has(job.kind)

  return (
    <>
      <PageHeader
        back={{ href: '/admin/activity', label: t('activity.back') }}
        title={
          <span className="flex flex-wrap items-center gap-3">
            {job ? t(`jobs.kind.${job.kind}`) : t('activity.oneTitle')}
            {job ? <JobStatusBadge status={job.status} /> : null}
          </span>
        }
        actions={
          <>
            {live ? <StreamBadge state={stream} /> : null}
            {live ? <CancelJobButton job={job} /> : null}
            {canRetry ? (
              <Button pending={retry.isPending} onClick={() => retry.mutate(job.id)} icon={<RotateCcw aria-hidden />}>
                {t('jobs.retry')}
              </Button>
            ) : null}
          </>
        }
      />
      <div className="flex flex-col gap-4">
        {live ? <WorkerNotice /> : null}
        {error && !job ? <ErrorPanel error={error} onRetry={refetch} /> : null}
        {retry.error ? <ErrorPanel error={retry.error} announce /> : null}
        {!job && !error ? <SkeletonBlock label={t('common.loading')} rows={6} /> : null}
        {job ? (
          <>
            <JobAnnouncer job={job} progress={progress} />
            {job.error ? <ErrorPanel error={job.error} /> : null}
            <div className="grid items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
              <div className="flex flex-col gap-4">
                <JobFacts job={job} />
                {progress.phases.length > 0 ? (
                  <Card aria-labelledby="job-steps">
                    <CardHeader title={t('activity.steps')} titleId="job-steps" />
                    <CardBody>
                      <PhaseStepper phases={progress.phases} live={live} />
                    </CardBody>
                  </Card>
                ) : null}
              </div>
              <div className="flex min-w-0 flex-col gap-4">
                {progress.tables.length > 0 ? (
                  <Card aria-labelledby="job-tables">
                    <CardHeader title={t('jobs.tables')} titleId="job-tables" />
                    <CardBody className="flex flex-col gap-5">
                      <CopyProgress progress={progress} live={live} />
                      <TableProgressList tables={progress.tables} />
                    </CardBody>
                  </Card>
                ) : null}
                <RepairsCard job={job} />
                {progress.findings.length > 0 ? (
                  <Card aria-labelledby="job-findings">
                    <CardHeader title={t('jobs.findingsCount', { count: progress.findings.length })} titleId="job-findings" />
                    <FindingsTable findings={progress.findings} />
                  </Card>
                ) : null}
                <Card aria-labelledby="job-log">
                  <CardHeader title={t('jobs.log')} titleId="job-log" className="pb-0" />
                  <LogView lines={progress.log} live={live} />
                </Card>
              </div>
            </div>
          </>
        ) : null}
      </div>
    </>
  )
}
