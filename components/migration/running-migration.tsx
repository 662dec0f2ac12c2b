'use client'

import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { CancelJobButton } from '@/components/jobs/cancel-job-button'
import { CopyProgress } from '@/components/jobs/copy-progress'
import { FindingsTable } from '@/components/jobs/findings-table'
import { JobAnnouncer } from '@/components/jobs/job-announcer'
import { JobDuration } from '@/components/jobs/job-duration'
import { isActive } from '@/components/jobs/job-queries'
import { LogView } from '@/components/jobs/log-view'
import { PhaseStepper } from '@/components/jobs/phase-stepper'
import { StreamBadge } from '@/components/jobs/stream-badge'
import { TableProgressList } from '@/components/jobs/table-progress-list'
import { useJob } from '@/components/jobs/use-job'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { migrationPhases } from '@/lib/migration/migration-result'
import { LagFigures } from './lag-figures'
import { SwitchPlanCard } from './switch-plan-card'

/** A migration at work: steps, bars, log, and the way to stop it. */
export function RunningMigration({ jobId, isLive }: { jobId: string; isLive: boolean }) {
  const t = useTranslations()
  const { job, progress, stream, error, refetch } = useJob(jobId)
  if (error && !job) return <ErrorPanel error={error} onRetry={refetch} />
  if (!job) return <SkeletonBlock label={t('common.loading')} rows={6} />
  const live = isActive(job)
  // Before the worker has said what it will do, the steps that every migration has.
  const phases =
    progress.phases.length > 0
      ? progress.phases
      : migrationPhases.map((phase) => ({ phase, status: 'waiting' as const, startedAt: null, elapsedMs: null, facts: {} }))

  return (
    <>
      <JobAnnouncer job={job} progress={progress} />
      {job.status === 'interrupted' ? (
        <Callout tone="warning" title={t('migration.running.recovering')} live="status">
          {t('migration.running.recoveringBody')}
        </Callout>
      ) : null}
      <Card aria-labelledby="running">
        <CardHeader
          title={t(job.kind === 'forward' ? 'migration.step.forward' : 'migration.running.title')}
          titleId="running"
          description={
            <>
              {job.targetLabel === null ? null : <span className="block break-all font-mono text-xs">{job.targetLabel}</span>}
              {t('jobs.startedBy', { who: job.requestedBy })}
            </>
          }
          actions={
            <>
              <StreamBadge state={stream} />
              {job.startedAt === null ? null : (
                <span className="text-ink-faint text-sm">
                  <span className="sr-only">{t('jobs.elapsed')} </span>
                  <JobDuration job={job} />
                </span>
              )}
              {live ? <CancelJobButton job={job} /> : null}
            </>
          }
        />
        <CardBody>
          {job.status === 'queued' ? (
            <p className="text-ink-soft">{t('jobs.queuedBody')}</p>
          ) : (
            <CopyProgress progress={progress} live={live} />
          )}
        </CardBody>
        <CardFooter className="text-ink-faint text-sm">{t('migration.running.mayClose')}</CardFooter>
      </Card>
      {isLive ? <SwitchPlanCard /> : null}
      {progress.lag.length > 0 ? (
        <Card aria-labelledby="lag">
          <CardHeader title={t('migration.live.title')} titleId="lag" />
          <CardBody>
            <LagFigures points={progress.lag} />
          </CardBody>
        </Card>
      ) : null}
      <div className="grid items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <Card aria-labelledby="steps">
          <CardHeader title={t('jobs.phases')} titleId="steps" />
          <CardBody>
            <PhaseStepper phases={phases} live={live} />
          </CardBody>
        </Card>
        <div className="flex min-w-0 flex-col gap-4">
          <Card aria-labelledby="tables">
            <CardHeader
              title={t('jobs.tables')}
              titleId="tables"
              actions={
                progress.tables.length === 0 ? undefined : (
                  <span className="tabular text-ink-faint text-sm">
                    {t('jobs.tablesDone', {
                      done: progress.tables.filter((table) => table.state === 'done').length,
                      total: progress.tables.length,
                    })}
                  </span>
                )
              }
            />
            <CardBody>
              <TableProgressList tables={progress.tables} />
            </CardBody>
          </Card>
          {progress.findings.length > 0 ? (
            <Card aria-labelledby="findings">
              <CardHeader title={t('jobs.findingsCount', { count: progress.findings.length })} titleId="findings" />
              <FindingsTable findings={progress.findings} />
            </Card>
          ) : null}
          <Card aria-labelledby="log">
            <CardHeader title={t('jobs.log')} titleId="log" className="pb-0" />
            <LogView lines={progress.log} live={live} />
          </Card>
        </div>
      </div>
    </>
  )
}
