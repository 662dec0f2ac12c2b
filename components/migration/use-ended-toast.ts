'use client'

import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { toast } from 'sonner'
import { finalStatuses, type JobView } from '@/lib/jobs/job'

/**
 * Says once how a job ended that was seen at work on this page: the view changes under the reader, and the words
 * tell why.
 *
 * @param activeJobId the job at work now; null while none is
 * @param jobs the latest ones
 */
export function useEndedToast(activeJobId: string | null, jobs: readonly JobView[] | undefined): void {
  const t = useTranslations('jobs')
  const watched = useRef<string | null>(null)
  useEffect(() => {
    if (activeJobId !== null) {
      watched.current = activeJobId
      return
    }
    const ended = jobs?.find((job) => job.id === watched.current && finalStatuses.has(job.status))
    if (!ended) return
    watched.current = null
    const text = t('announceStatus', { kind: t(`kind.${ended.kind}`), status: t(`status.${ended.status}`) })
    if (ended.status === 'succeeded') toast.success(text)
    else toast.error(text)
  }, [activeJobId, jobs, t])
}
