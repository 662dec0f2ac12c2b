'use client'

import { Ban, CircleAlert, CircleCheck, Clock, LoaderCircle, Unplug } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Badge, type BadgeTone } from '@/components/ui/badge'
import type { JobStatus } from '@/lib/jobs/job'

const looks: Record<JobStatus, { tone: BadgeTone; Icon: typeof Ban }> = {
  queued: { tone: 'neutral', Icon: Clock },
  running: { tone: 'info', Icon: LoaderCircle },
  succeeded: { tone: 'success', Icon: CircleCheck },
  failed: { tone: 'danger', Icon: CircleAlert },
  cancelled: { tone: 'neutral', Icon: Ban },
  interrupted: { tone: 'warning', Icon: Unplug },
}

/** A job's status in words, with its icon and colour. */
export function JobStatusBadge({ status }: { status: JobStatus }) {
  const t = useTranslations('jobs.status')
  const { tone, Icon } = looks[status]
  return (
    <Badge tone={tone} icon={<Icon aria-hidden className={status === 'running' ? 'animate-spin' : ''} />}>
      {t(status)}
    </Badge>
  )
}
