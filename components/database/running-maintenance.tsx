'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { RunningJobCard } from '@/components/jobs/running-job-card'
import { useJob } from '@/components/jobs/use-job'
import { Progress } from '@/components/ui/progress'
import type { JobView } from '@/lib/jobs/job'

/** Maintenance at work: what it is at, how many of how many, and the way to stop it. */
export function RunningMaintenance({ job: listed }: { job: JobView }) {
  const t = useTranslations('database.maintenance')
  const jobs = useTranslations('jobs')
  const format = useFormatters()
  const { job = listed, progress, stream } = useJob(listed.id)
  const { totals } = progress
  const current = progress.tables.findLast(({ state }) => state === 'running')
  const total = totals?.rowsTotal ?? null
  const done = Math.trunc(totals?.rowsDone ?? 0)
  const words = total === null ? '' : t('doneOf', { done: format.number(done), total: format.number(total) })
  return (
    <RunningJobCard title={t('running')} job={job} progress={progress} stream={stream}>
      <p className="tabular mb-1.5 flex flex-wrap justify-between gap-x-4 text-ink-soft text-sm">
        <span className="min-w-0 break-all">{job.status === 'queued' ? jobs('queuedBody') : (current?.table ?? t('atWork'))}</span>
        <span>{words}</span>
      </p>
      <Progress value={total ? (totals?.rowsDone ?? 0) / total : null} label={t('running')} valueText={words} size="thick" />
    </RunningJobCard>
  )
}
