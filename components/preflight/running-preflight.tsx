'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { PhaseStepper } from '@/components/jobs/phase-stepper'
import { RunningJobCard } from '@/components/jobs/running-job-card'
import { useJob } from '@/components/jobs/use-job'
import { usePhaseName } from '@/components/jobs/use-phase-name'
import { Progress } from '@/components/ui/progress'
import type { JobView } from '@/lib/jobs/job'

/** A preflight at work: its groups one after the other, how far the long ones are, and the way to stop it. */
export function RunningPreflight({ job: listed }: { job: JobView }) {
  const t = useTranslations()
  const format = useFormatters()
  const phaseName = usePhaseName()
  const { job = listed, progress, stream } = useJob(listed.id)
  const totals = progress.totals
  const current = progress.phases.find(({ status }) => status === 'started')
  const isShown = totals !== null && totals.phase === current?.phase
  const rows = isShown
    ? totals.rowsTotal === null
      ? t('jobs.rowsDone', { done: format.number(totals.rowsDone) })
      : t('jobs.rowsOf', { done: format.number(totals.rowsDone), total: format.number(totals.rowsTotal) })
    : ''
  return (
    <RunningJobCard title={t('preflight.running')} job={job} progress={progress} stream={stream}>
      <div className="mb-4">
        <p className="tabular mb-1.5 flex flex-wrap justify-between gap-x-4 text-ink-soft text-sm">
          <span>{job.status === 'queued' ? t('jobs.queuedBody') : current ? phaseName(current.phase).title : ''}</span>
          <span>{rows}</span>
        </p>
        <Progress
          value={isShown && totals.rowsTotal ? totals.rowsDone / totals.rowsTotal : null}
          label={t('preflight.running')}
          valueText={rows}
          size="thick"
        />
      </div>
      <PhaseStepper phases={progress.phases} live={job.status === 'running'} />
    </RunningJobCard>
  )
}
