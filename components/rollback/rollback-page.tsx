'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { type AdminState, adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { isBackupJob, RunningBackup } from '@/components/backups/running-backup'
import { useFormatters } from '@/components/format/use-formatters'
import { FormerCopy } from '@/components/migration/former-copy'
import { RunningStep } from '@/components/migration/running-step'
import { EnginePicture } from '@/components/overview/engine-picture'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { LoadingCard } from '@/components/ui/loading-card'
import { DiscardWay, StopWay } from './copy-ways'
import { EmergencyWay } from './emergency-way'
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
  const now = useNow(state)
  const { status, mode, former, jobId } = state.state
  const job = state.activeJob
  const isBusy = job !== null
  const hasRestore = status === 'on-sqlite' || status === 'on-postgresql'
  // An app that was installed on PostgreSQL, or that stays there, has no file to go back to.
  const isSwitched = status === 'on-postgresql' && jobId != null
  return (
    <>
      {job ? <RunningStep key={job.id} job={job} /> : null}
      {job && isBackupJob(job) ? <RunningBackup key={`backup ${job.id}`} job={job} /> : null}
      <Card aria-labelledby="rollback-now">
        <CardHeader title={t(`now.${status}.title`)} titleId="rollback-now" description={now} />
        <CardBody>
          <EnginePicture state={state} />
        </CardBody>
      </Card>
      {status === 'migrating' && job ? <StopWay job={job} /> : null}
      {status === 'ready-to-switch' ? <DiscardWay isLive={mode === 'live'} busy={isBusy} /> : null}
      {isSwitched ? <SwitchBackWay busy={isBusy} /> : null}
      {status === 'on-sqlite' && former ? <FormerCopy former={former} /> : null}
      {hasRestore ? (
        <RestorePointsCard engine={state.engine} busy={isBusy} />
      ) : (
        <Callout tone="info" title={t('later.title')} actions={<LinkButton href="/admin/backups">{t('restore.open')}</LinkButton>}>
          {t('later.body')}
        </Callout>
      )}
      {isSwitched ? <EmergencyWay /> : null}
    </>
  )
}

/** What the state means for going back, in a sentence. */
function useNow({ state: { status, finished, former, jobId } }: AdminState): string {
  const t = useTranslations('rollback.now')
  const format = useFormatters()
  if (status === 'on-postgresql' && finished) return t('finished', { when: format.dateTime(finished.at) })
  if (status === 'on-postgresql' && jobId == null) return t('installed')
  if (status === 'on-sqlite' && former) return t('former')
  return t(`${status}.body`)
}
