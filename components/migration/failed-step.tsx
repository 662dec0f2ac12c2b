'use client'

import { useTranslations } from 'next-intl'
import { ExplainLink } from '@/components/api/explain-link'
import { useErrorText } from '@/components/api/use-error-text'
import { Button, LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import type { JobView } from '@/lib/jobs/job'

export interface FailedStepProps {
  /** A cut-over, discard or rollback that did not succeed. */
  job: JobView
  onDismiss: (jobId: string) => void
}

/** Says that the last switch, discard or way back did not succeed, and why; the state shown below is what holds. */
export function FailedStep({ job, onDismiss }: FailedStepProps) {
  const t = useTranslations()
  const text = useErrorText()(
    job.error ?? { code: job.status === 'interrupted' ? 'INTERRUPTED' : 'CANCELLED', message: '', retryable: true },
  )
  return (
    <Callout
      tone={job.status === 'cancelled' ? 'info' : 'danger'}
      title={`${t(`jobs.kind.${job.kind}`)} — ${text.title}`}
      live="status"
      actions={
        <>
          <Button onClick={() => onDismiss(job.id)}>{t('migration.step.dismiss')}</Button>
          <LinkButton href={`/admin/activity/${job.id}`} variant="quiet">
            {t('jobs.openLog')}
          </LinkButton>
        </>
      }
    >
      <p>{text.body}</p>
      <p className="mt-1 font-medium text-ink">{text.hint}</p>
      <p className="mt-1.5">
        <ExplainLink code={text.code} />
      </p>
      {text.detail === '' ? null : (
        <p lang="en" className="mt-1 break-words font-mono text-xs">
          {text.detail}
        </p>
      )}
    </Callout>
  )
}
