'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { type AdminState, adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { isBackupJob, RunningBackup } from '@/components/backups/running-backup'
import { RunningStep } from '@/components/migration/running-step'
import { EnginePicture } from '@/components/overview/engine-picture'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { LoadingCard } from '@/components/ui/loading-card'
import { DiscardWay, StopWay } from './copy-ways'
import { RestorePointsCard } from './restore-points-card'
import { SwitchBackWay } from './switch-back-way'

/** Every way back that there is now: what it loses, how long it takes, and its button. */
export function RollbackPage() {
  const t = useTranslations('rollback')
  const { data: state, error, refetch } = useQuery(adminStateQuery())
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        {error && !state ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {!state && !error ? <LoadingCard label={t('loading')} rows={6} /> : null}
        {state ? <Ways state={state} /> : null}
      </div>
    </>
  )
}

function Ways({ state }: { state: AdminState }) {
  const t = useTranslations('rollback')
  const { status, mode } = state.state
  const job = state.activeJob
  const isBusy = job !== null
  const isStep = job?.kind === 'rollback' || job?.kind === 'discard' || job?.kind === 'cutover'
  const hasRestore = status === 'on-sqlite' || status === 'on-postgresql'
  return (
    <>
      {job && isStep ? <RunningStep key={job.id} job={job} /> : null}
      {job && isBackupJob(job) ? <RunningBackup key={job.id} job={job} /> : null}
      <Card aria-labelledby="rollback-now">
        <CardHeader title={t(`now.${status}.title`)} titleId="rollback-now" description={t(`now.${status}.body`)} />
        <CardBody>
          <EnginePicture state={state} />
        </CardBody>
      </Card>
      {status === 'migrating' && job?.kind === 'migrate' ? <StopWay job={job} /> : null}
      {status === 'ready-to-switch' ? <DiscardWay isLive={mode === 'live'} busy={isBusy} /> : null}
      {status === 'on-postgresql' ? <SwitchBackWay busy={isBusy} /> : null}
      {hasRestore ? (
        <RestorePointsCard engine={state.engine} busy={isBusy} />
      ) : (
        <Callout tone="info" title={t('later.title')} actions={<LinkButton href="/admin/backups">{t('restore.open')}</LinkButton>}>
          {t('later.body')}
        </Callout>
      )}
    </>
  )
}
