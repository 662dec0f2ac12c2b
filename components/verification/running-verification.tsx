'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { RunningJobCard } from '@/components/jobs/running-job-card'
import { useJob } from '@/components/jobs/use-job'
import { Progress } from '@/components/ui/progress'
import type { JobView } from '@/lib/jobs/job'

/** A verification at work: how far it is, and the way to stop it. */
export function RunningVerification({ job: listed }: { job: JobView }) {
  const t = useTranslations()
  const format = useFormatters()
  const { job = listed, progress, stream } = useJob(listed.id)
  const { rowsDone = 0, rowsTotal = null, rowsPerSecond = null, remainingMs = null } = progress.totals ?? {}
  const rows =
    rowsTotal === null
      ? t('jobs.rowsDone', { done: format.number(rowsDone) })
      : t('jobs.rowsOf', { done: format.number(rowsDone), total: format.number(rowsTotal) })
  return (
    <RunningJobCard title={t('verification.running')} job={job} progress={progress} stream={stream}>
      <div className="tabular mb-1.5 flex flex-wrap justify-between gap-x-4 text-ink-soft text-sm">
        <span>{job.status === 'queued' ? t('jobs.queuedBody') : rows}</span>
        <span className="flex gap-x-4">
          {rowsPerSecond === null ? null : <span>{t('jobs.rate', { rate: format.number(Math.round(rowsPerSecond)) })}</span>}
          {remainingMs === null ? null : <span>{t('jobs.left', { time: format.duration(Math.max(1000, remainingMs)) })}</span>}
        </span>
      </div>
      <Progress value={rowsTotal ? rowsDone / rowsTotal : null} label={t('verification.running')} valueText={rows} size="thick" />
    </RunningJobCard>
  )
}
