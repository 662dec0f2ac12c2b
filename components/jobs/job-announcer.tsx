'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import type { JobView } from '@/lib/jobs/job'
import type { JobProgress } from './job-progress'
import { usePhaseName } from './use-phase-name'

/** Steps of the share that are read out while rows are copied; more would chatter. */
const stepShare = 0.25

/** What a screen reader hears of a running job: each new phase, each quarter of the copy, the end. */
export function JobAnnouncer({ job, progress }: { job: JobView; progress: JobProgress }) {
  const t = useTranslations('jobs')
  const statusText = useTranslations('phaseStatus')
  const format = useFormatters()
  const phaseName = usePhaseName()
  const index = progress.phases.findIndex((phase) => phase.status === 'started' || phase.status === 'reconnecting')
  const phase = progress.phases[index]
  const { rowsDone = 0, rowsTotal = null } = progress.totals ?? {}
  const quarter = rowsTotal ? Math.floor(rowsDone / rowsTotal / stepShare) * stepShare : 0
  const isRunning = job.status === 'running' && phase !== undefined
  return (
    <p role="status" className="sr-only">
      {isRunning
        ? `${t('announcePhase', { number: index + 1, total: progress.phases.length, phase: phaseName(phase.phase).title })}${phase.status === 'reconnecting' ? `, ${statusText('reconnecting')}` : ''}`
        : t('announceStatus', { kind: t(`kind.${job.kind}`), status: t(`status.${job.status}`) })}
      {isRunning && phase.phase === 'copy' && quarter > 0 ? `. ${t('announceShare', { percent: format.percent(quarter) })}` : ''}
    </p>
  )
}
