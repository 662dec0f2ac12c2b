'use client'

import { useQuery } from '@tanstack/react-query'
import { BellRing, CloudUpload, DatabaseBackup, KeyRound, ServerCog } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { adminStateQuery } from '@/components/admin/state-queries'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { isActive, recentJobsQuery } from '@/components/jobs/job-queries'
import { ScheduleCard } from '@/components/schedules/schedule-card'
import { Button, LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { LoadingCard } from '@/components/ui/loading-card'
import { OpenAlarms } from './alarms/open-alarms'
import { BackupCalendar } from './backup-calendar'
import { backupsQuery } from './backup-queries'
import { BackupsTable } from './backups-table'
import { EncryptionDialog } from './encryption-dialog'
import { EndedJob } from './ended-job'
import { RecoverAnswer } from './recover-answer'
import { RetentionCard } from './retention-card'
import { isBackupJob, RunningBackup } from './running-backup'
import { StartBackupDialog } from './start-backup-dialog'
import { useRefreshWhenEnded } from './use-refresh-when-ended'

/** Backups: could I recover now, make one, watch it, look at those that are there. */
export function BackupsPage() {
  const t = useTranslations('backups')
  const list = useQuery(backupsQuery())
  const state = useQuery(adminStateQuery())
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const [dialog, setDialog] = useState<'start' | 'encryption' | null>(null)
  const last = jobs?.find((job) => isBackupJob(job))
  const running = last && isActive(last) ? last : undefined
  useRefreshWhenEnded(running?.id)
  const policy = list.data?.keys.policy
  const engine = state.data?.state.status === 'on-postgresql' ? 'postgresql' : 'sqlite'
  return (
    <>
      <PageHeader
        title={t('title')}
        description={t('description')}
        actions={
          <>
            <LinkButton href="/admin/backups/alarms" icon={<BellRing aria-hidden />}>
              {t('alarmsOpen')}
            </LinkButton>
            <LinkButton href="/admin/backups/destinations" icon={<CloudUpload aria-hidden />}>
              {t('destinations.open')}
            </LinkButton>
            <LinkButton href="/admin/backups/move" icon={<ServerCog aria-hidden />}>
              {t('move.open')}
            </LinkButton>
            <Button onClick={() => setDialog('encryption')} icon={<KeyRound aria-hidden />} disabled={!policy}>
              {t('encryptionTitle')}
            </Button>
            <Button
              variant="primary"
              disabled={!policy}
              pending={running !== undefined}
              onClick={() => setDialog('start')}
              icon={<DatabaseBackup aria-hidden />}
            >
              {t('backUpNow')}
            </Button>
          </>
        }
      />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        <RecoverAnswer />
        <OpenAlarms except={['backup-none']} />
        {running ? <RunningBackup key={running.id} job={running} /> : null}
        {last && !running ? <EndedJob job={last} /> : null}
        {policy?.kind === 'none' ? (
          <Callout
            tone="warning"
            title={t('notEncrypted')}
            actions={<Button onClick={() => setDialog('encryption')}>{t('setEncryption')}</Button>}
          >
            {t('notEncryptedBody')}
          </Callout>
        ) : null}
        {list.error && !list.data ? <ErrorPanel error={list.error} onRetry={() => void list.refetch()} /> : null}
        {list.isPending ? <LoadingCard label={t('loading')} rows={6} /> : null}
        {list.data ? (
          <>
            <BackupCalendar backups={list.data.backups} past={list.data.past} />
            <BackupsTable backups={list.data.backups} folder={list.data.folder} />
            <ScheduleCard
              kind="backup"
              title={t('schedule')}
              description={t('scheduleBody')}
              suggestion="0 3 * * *"
              payload={{ origin: 'scheduled' }}
            />
            <RetentionCard backups={list.data.backups} />
          </>
        ) : null}
      </div>
      {policy ? (
        <StartBackupDialog
          open={dialog === 'start'}
          onOpenChange={(open) => setDialog(open ? 'start' : null)}
          policy={policy}
          engine={engine}
          onEncryption={() => setDialog('encryption')}
        />
      ) : null}
      <EncryptionDialog open={dialog === 'encryption'} onOpenChange={(open) => setDialog(open ? 'encryption' : null)} />
    </>
  )
}
