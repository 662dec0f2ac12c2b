'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { type AdminState, adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { recentJobsQuery } from '@/components/jobs/job-queries'
import { PreflightLink } from '@/components/preflight/preflight-link'
import { LoadingCard } from '@/components/ui/loading-card'
import { migrationKinds } from '@/lib/jobs/job'
import { chooseView, type MigrationView } from './choose-view'
import { EmergencyNotice, isAboutPostgres } from './emergency-notice'
import { EndedMigration } from './ended-migration'
import { FailedStep } from './failed-step'
import { FormerCopy } from './former-copy'
import { OnPostgres } from './on-postgres'
import { ReadyToSwitch } from './ready-to-switch'
import { RunningMigration } from './running-migration'
import { RunningStep } from './running-step'
import { StartMigration } from './start-migration'
import { useEndedToast } from './use-ended-toast'

/** The way from SQLite to PostgreSQL and back: one page, and what it shows follows the state of the app. */
export function MigrationPage() {
  const t = useTranslations('migration')
  const state = useQuery(adminStateQuery())
  const jobs = useQuery(recentJobsQuery(20))
  const [dismissed, setDismissed] = useState<string | null>(null)
  const view = state.data && jobs.data ? chooseView(state.data, jobs.data, dismissed) : null
  const activeJob = state.data?.activeJob
  useEndedToast(activeJob && migrationKinds.has(activeJob.kind) ? activeJob.id : null, jobs.data)
  const error = (!state.data && state.error) || (!jobs.data && jobs.error)
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <p role="status" className="sr-only">
        {view ? t(`view.${view.view}`) : ''}
      </p>
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        {view?.view === 'start' || view?.view === 'ended' ? <PreflightLink /> : null}
        {error ? (
          <ErrorPanel
            error={error}
            onRetry={() => {
              void state.refetch()
              void jobs.refetch()
            }}
          />
        ) : null}
        {!view && !error ? <LoadingCard label={t('loading')} rows={6} /> : null}
        {view && 'failedStep' in view && view.failedStep ? <FailedStep job={view.failedStep} onDismiss={setDismissed} /> : null}
        {error && isAboutPostgres(error) ? <EmergencyNotice /> : null}
        {view && (view.view === 'start' || view.view === 'ended') && state.data?.state.former ? (
          <FormerCopy former={state.data.state.former} />
        ) : null}
        {view && state.data ? <View view={view} state={state.data} onDismiss={setDismissed} /> : null}
      </div>
    </>
  )
}

interface ViewProps {
  view: MigrationView
  state: AdminState
  onDismiss: (jobId: string) => void
}

function View({ view, state, onDismiss }: ViewProps) {
  switch (view.view) {
    case 'start':
      return <StartMigration environmentTarget={state.environmentTargetLabel} unsettled={state.unsettled != null} />
    case 'running':
      return <RunningMigration key={view.jobId} jobId={view.jobId} isLive={state.state.mode === 'live'} />
    case 'step':
      return <RunningStep key={view.job.id} job={view.job} />
    case 'ended':
      return <EndedMigration key={view.job.id} job={view.job} onStartOver={() => onDismiss(view.job.id)} />
    case 'ready':
      return <ReadyToSwitch jobId={view.jobId} state={state} />
    case 'postgres':
      return <OnPostgres state={state} />
  }
}
