'use client'

import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { LinkButton } from '@/components/ui/button'
import type { JobView } from '@/lib/jobs/job'

/** Why a job ended badly, with the way to its page. */
export function JobError({ job }: { job: JobView }) {
  const t = useTranslations('jobs')
  return (
    <ErrorPanel
      error={job.error}
      actions={
        <LinkButton href={`/admin/activity/${job.id}`} variant="quiet">
          {t('openJob')}
        </LinkButton>
      }
    />
  )
}
