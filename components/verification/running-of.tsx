'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { isActive, recentJobsQuery } from '@/components/jobs/job-queries'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import type { JobKind } from '@/lib/jobs/job'
import { recopyResultOf } from './recopy-result'
import { RunningVerification } from './running-verification'

/** The latest job of these kinds: at work, or, when rows were copied again, what came of it and the way to its report. */
export function RunningOf({ kinds }: { kinds: readonly JobKind[] }) {
  const t = useTranslations('verification.recopy')
  const { data: jobs } = useQuery(recentJobsQuery(20))
  const job = jobs?.find(({ kind }) => kinds.includes(kind))
  if (!job) return null
  if (isActive(job)) return <RunningVerification job={job} />
  const result = recopyResultOf(job)
  if (!result) return null
  const copied = result.tables.reduce((sum, table) => sum + table.copied, 0)
  const removed = result.tables.reduce((sum, table) => sum + table.removed, 0)
  return (
    <Callout
      live="status"
      tone={result.recopied === 'succeeded' ? 'success' : 'warning'}
      title={t(result.recopied === 'succeeded' ? 'done' : 'doneWithDifferences')}
      actions={
        <LinkButton href={`/admin/verification/${result.reportId}`} variant="secondary">
          {t('openReport')}
        </LinkButton>
      }
    >
      {t('doneBody', { copied, removed, tables: result.tables.map(({ table }) => table).join(', ') })}
    </Callout>
  )
}
