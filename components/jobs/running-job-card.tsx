'use client'

import { type ReactNode, useId } from 'react'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import type { JobView } from '@/lib/jobs/job'
import { CancelJobButton } from './cancel-job-button'
import { JobAnnouncer } from './job-announcer'
import { StreamBadge } from './stream-badge'
import type { useJob } from './use-job'

export interface RunningJobCardProps extends Pick<ReturnType<typeof useJob>, 'progress' | 'stream'> {
  title: string
  job: JobView
  /** How far it is. */
  children: ReactNode
}

/** The frame around a job at work: what it is, whether its news come in, and the way to stop it. */
export function RunningJobCard({ title, job, progress, stream, children }: RunningJobCardProps) {
  const id = useId()
  return (
    <Card aria-labelledby={id}>
      <CardHeader
        title={title}
        titleId={id}
        actions={
          <>
            <StreamBadge state={stream} />
            <CancelJobButton job={job} />
          </>
        }
      />
      <CardBody>
        <JobAnnouncer job={job} progress={progress} />
        {children}
      </CardBody>
    </Card>
  )
}
