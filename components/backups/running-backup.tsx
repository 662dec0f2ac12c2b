'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { CancelJobButton } from '@/components/jobs/cancel-job-button'
import { JobAnnouncer } from '@/components/jobs/job-announcer'
import { isActive } from '@/components/jobs/job-queries'
import { LogView } from '@/components/jobs/log-view'
import { PhaseStepper } from '@/components/jobs/phase-stepper'
import { StreamBadge } from '@/components/jobs/stream-badge'
import { useJob } from '@/components/jobs/use-job'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Progress } from '@/components/ui/progress'
import { backupPhases } from '@/lib/backup/backup-view'
import { restorePhases } from '@/lib/backup/restore-plan'
import type { JobView } from '@/lib/jobs/job'

/** A backup or a trial restore at work: steps, bytes, rate, time left, log, and the way to stop it. */
export function RunningBackup({ job: listed }: { job: JobView }) {
  const t = useTranslations()
  const format = useFormatters()
  const { job = listed, progress, stream } = useJob(listed.id)
  const live = isActive(job)
  const planned = plannedPhases(listed.kind)
  const phases =
    progress.phases.length > 0
      ? progress.phases
      : planned.map((phase) => ({ phase, status: 'waiting' as const, startedAt: null, elapsedMs: null, facts: {} }))
  const { bytesDone = null, bytesTotal = null, bytesPerSecond = null, remainingMs = null } = progress.totals ?? {}
  const amount =
    bytesDone === null
      ? t('jobs.queuedBody')
      : bytesTotal === null
        ? format.bytes(bytesDone)
        : t('backups.bytesOf', { done: format.bytes(bytesDone), total: format.bytes(bytesTotal) })
  const share = bytesDone !== null && bytesTotal ? Math.min(1, bytesDone / bytesTotal) : null
  return (
    <Card aria-labelledby="running-backup">
      <CardHeader
        title={t(`jobs.kind.${job.kind}`)}
        titleId="running-backup"
        description={t(job.kind === 'backup' ? 'backups.mayClose' : 'backups.mayCloseJob')}
        actions={
          <>
            <StreamBadge state={stream} />
            {live ? <CancelJobButton job={job} /> : null}
          </>
        }
      />
      <CardBody className="flex flex-col gap-4">
        <JobAnnouncer job={job} progress={progress} />
        <div>
          <div className="tabular mb-1.5 flex flex-wrap justify-between gap-x-4 text-ink-soft text-sm">
            <span>{job.status === 'queued' ? t('jobs.queuedBody') : amount}</span>
            <span className="flex gap-x-4">
              {bytesPerSecond ? <span>{t('jobs.rateShort', { rate: format.bytes(bytesPerSecond) })}</span> : null}
              {remainingMs === null ? null : <span>{t('jobs.left', { time: format.duration(Math.max(1000, remainingMs)) })}</span>}
            </span>
          </div>
          <Progress value={share} label={t(`jobs.kind.${job.kind}`)} valueText={amount} size="thick" tone="primary" />
        </div>
        <PhaseStepper phases={phases} live={live} />
      </CardBody>
      <LogView lines={progress.log} live={live} className="border-line border-t" />
    </Card>
  )
}

/** The phases until the job itself tells them. */
function plannedPhases(kind: JobView['kind']): readonly string[] {
  if (kind === 'backup') return backupPhases
  if (kind === 'restore') return restorePhases
  return kind === 'copy' ? ['copies'] : kind === 'import' ? ['checking'] : ['trial']
}

/** Kinds of job that the Backups pages follow. */
export function isBackupJob(job: JobView): boolean {
  return ['backup', 'trial', 'restore', 'copy', 'import'].includes(job.kind)
}
