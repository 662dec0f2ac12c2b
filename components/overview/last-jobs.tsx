'use client'

import { useQuery } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { recentJobsQuery } from '@/components/jobs/job-queries'
import { JobStatusBadge } from '@/components/jobs/job-status-badge'
import { LinkButton } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SkeletonBlock } from '@/components/ui/skeleton'

const shown = 6

/** The latest jobs, each a way to its page. */
export function LastJobs() {
  const t = useTranslations()
  const { data: jobs, error, refetch } = useQuery(recentJobsQuery(shown))
  return (
    <Card aria-labelledby="last-jobs">
      <CardHeader
        title={t('overview.lastJobs')}
        titleId="last-jobs"
        actions={
          <LinkButton href="/admin/activity" variant="quiet" size="small">
            {t('overview.allJobs')}
          </LinkButton>
        }
      />
      {error && !jobs ? (
        <CardBody>
          <ErrorPanel error={error} onRetry={() => void refetch()} />
        </CardBody>
      ) : null}
      {!jobs && !error ? (
        <CardBody>
          <SkeletonBlock label={t('common.loading')} />
        </CardBody>
      ) : null}
      {jobs?.length === 0 ? (
        <EmptyState icon={<ListChecks />} title={t('overview.noJobs')} className="pt-4 pb-10">
          {t('overview.noJobsBody')}
        </EmptyState>
      ) : null}
      <ul className="pb-2">
        {jobs?.map((job) => (
          <li key={job.id}>
            <Link
              href={`/admin/activity/${job.id}`}
              className="flex items-center justify-between gap-3 px-4 py-2 text-sm -outline-offset-2 hover:bg-hover sm:px-5"
            >
              <span className="min-w-0">
                <span className="block truncate font-medium">{t(`jobs.kind.${job.kind}`)}</span>
                <TimeStamp iso={job.createdAt} relative className="text-ink-faint text-xs" />
              </span>
              <JobStatusBadge status={job.status} />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}
