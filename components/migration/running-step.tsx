'use client'

import { useTranslations } from 'next-intl'
import { JobAnnouncer } from '@/components/jobs/job-announcer'
import { JobDuration } from '@/components/jobs/job-duration'
import { LogView } from '@/components/jobs/log-view'
import { PhaseStepper } from '@/components/jobs/phase-stepper'
import { StreamBadge } from '@/components/jobs/stream-badge'
import { useJob } from '@/components/jobs/use-job'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Progress } from '@/components/ui/progress'
import type { JobView } from '@/lib/jobs/job'

/** A switch, a way back or forward again, and the ends of both, at work. */
export function RunningStep({ job: listed }: { job: JobView }) {
  const t = useTranslations()
  const { job = listed, progress, stream } = useJob(listed.id)
  if (!isStep(job.kind)) return null
  const title = t(`migration.step.${job.kind}`)
  return (
    <Card aria-labelledby="step">
      <CardHeader
        title={title}
        titleId="step"
        description={t(job.status === 'queued' ? 'jobs.queuedBody' : 'migration.step.body')}
        actions={
          <>
            <StreamBadge state={stream} />
            <JobDuration job={job} />
          </>
        }
      />
      <CardBody className="flex flex-col gap-4">
        <JobAnnouncer job={job} progress={progress} />
        <Progress value={null} label={title} />
        {progress.phases.length > 0 ? <PhaseStepper phases={progress.phases} live /> : null}
      </CardBody>
      <LogView lines={progress.log} live className="border-line border-t" />
    </Card>
  )
}

const steps = ['cutover', 'discard', 'rollback', 'forward', 'forget', 'finish'] as const

function isStep(kind: JobView['kind']): kind is (typeof steps)[number] {
  return steps.some((step) => step === kind)
}
