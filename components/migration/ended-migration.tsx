'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCcw, ShieldCheck, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { ExplainLink } from '@/components/api/explain-link'
import { useErrorText } from '@/components/api/use-error-text'
import { TimeStamp } from '@/components/format/time-stamp'
import { FindingsTable } from '@/components/jobs/findings-table'
import { JobDuration } from '@/components/jobs/job-duration'
import { retryJobMutation } from '@/components/jobs/job-queries'
import { LogView } from '@/components/jobs/log-view'
import { PhaseStepper } from '@/components/jobs/phase-stepper'
import { useJob } from '@/components/jobs/use-job'
import { usePhaseName } from '@/components/jobs/use-phase-name'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import type { JobView } from '@/lib/jobs/job'
import { migrationResultSchema } from '@/lib/migration/migration-result'
import { EndedIcon } from './ended-icon'
import { RepairChoices } from './repair-choices'

export interface EndedMigrationProps {
  /** Failed, cancelled or interrupted. */
  job: JobView
  /** Goes on to the target form. */
  onStartOver: () => void
}

/** What happened to the last migration, why, what to do, and that nothing was changed. */
export function EndedMigration({ job, onStartOver }: EndedMigrationProps) {
  const t = useTranslations()
  const phaseName = usePhaseName()
  const errorText = useErrorText()
  const queryClient = useQueryClient()
  const { progress } = useJob(job.id)
  const retry = useMutation(retryJobMutation(queryClient))
  const status = job.status === 'cancelled' || job.status === 'interrupted' ? job.status : 'failed'
  const phase = progress.phases.find((entry) => entry.status === 'failed' || entry.status === 'started')
  const text = job.error && status !== 'cancelled' ? errorText(job.error) : null
  return (
    <>
      <Card aria-labelledby="ended">
        <div className="flex gap-3 px-4 pt-4 sm:px-5">
          <EndedIcon status={status} />
          <div className="min-w-0 flex-1">
            <h2 id="ended" className="font-semibold text-lg">
              {t(`migration.ended.${status}`)}
            </h2>
            <p className="text-ink-faint text-sm">
              <TimeStamp iso={job.finishedAt ?? job.createdAt} /> · <JobDuration job={job} /> ·{' '}
              {t('jobs.startedBy', { who: job.requestedBy })}
            </p>
          </div>
        </div>
        <CardBody className="flex flex-col gap-4 pt-4">
          {text === null ? null : (
            <div className="max-w-prose">
              <h3 className="font-medium">{text.title}</h3>
              <p className="text-ink-soft">
                {text.body} {phase ? t('migration.ended.during', { phase: phaseName(phase.phase).title }) : null}
              </p>
              <p className="mt-1 font-medium">{text.hint}</p>
              <p className="mt-1.5">
                <ExplainLink code={text.code} />
              </p>
              <details className="mt-2 text-xs">
                <summary className="w-fit cursor-pointer rounded text-ink-soft">{t('common.details')}</summary>
                <p lang="en" className="mt-1 whitespace-pre-wrap break-words font-mono text-ink-soft">
                  {text.code}
                  {text.subject === undefined ? '' : ` · ${text.subject}`}
                  {`\n${text.detail}`}
                </p>
              </details>
            </div>
          )}
          <Aftermath leftover={leftoverOf(job)} />
          {retry.error ? <ErrorPanel error={retry.error} announce /> : null}
        </CardBody>
        <CardFooter className="max-sm:flex-col max-sm:items-stretch">
          <Button variant="primary" pending={retry.isPending} onClick={() => retry.mutate(job.id)} icon={<RotateCcw aria-hidden />}>
            {t('jobs.retry')}
          </Button>
          <Button onClick={onStartOver}>{t('migration.ended.startOver')}</Button>
        </CardFooter>
      </Card>
      <RepairChoices jobId={job.id} findings={progress.findings} />
      {progress.findings.length > 0 ? (
        <Card aria-labelledby="findings">
          <CardHeader title={t('jobs.findingsCount', { count: progress.findings.length })} titleId="findings" />
          <FindingsTable findings={progress.findings} />
        </Card>
      ) : null}
      <div className="grid items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
        {progress.phases.length > 0 ? (
          <Card aria-labelledby="steps">
            <CardHeader title={t('jobs.phases')} titleId="steps" />
            <CardBody>
              <PhaseStepper phases={progress.phases} live={false} />
            </CardBody>
          </Card>
        ) : null}
        <Card aria-labelledby="log" className="min-w-0">
          <CardHeader title={t('jobs.log')} titleId="log" className="pb-0" />
          <LogView lines={progress.log} live={false} />
        </Card>
      </div>
    </>
  )
}

const leftoverSchema = migrationResultSchema.pick({ leftover: true })

/** Why something of the copy is still on the target; null when it was removed, or the job never came so far. */
function leftoverOf(job: JobView): string | null {
  const parsed = leftoverSchema.safeParse(job.result)
  return parsed.success ? parsed.data.leftover : null
}

function Aftermath({ leftover }: { leftover: string | null }) {
  const t = useTranslations('migration.ended')
  if (leftover === null) {
    return (
      <div className="flex gap-3 rounded-md bg-success-soft px-3 py-2.5 text-sm">
        <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-success-ink" />
        <p>
          <span className="font-medium">{t('unchanged')}.</span> <span className="text-ink-soft">{t('unchangedBody')}</span>
        </p>
      </div>
    )
  }
  return (
    <div className="flex gap-3 rounded-md bg-warning-soft px-3 py-2.5 text-sm">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning-ink" />
      <p>
        <span className="font-medium">{t('leftover')}</span> <span className="text-ink-soft">{t('leftoverBody')}</span>{' '}
        <span lang="en" className="text-ink-soft">
          ({leftover})
        </span>
      </p>
    </div>
  )
}
