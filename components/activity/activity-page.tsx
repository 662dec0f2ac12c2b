'use client'

import { useInfiniteQuery } from '@tanstack/react-query'
import { ListChecks, SearchX } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { isActive, jobPagesQuery } from '@/components/jobs/job-queries'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { Segments } from '@/components/ui/segments'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { JobView } from '@/lib/jobs/job'
import { JobsTable } from './jobs-table'

type Filter = 'all' | 'active' | 'problems'
const matches: Record<Filter, (job: JobView) => boolean> = {
  all: () => true,
  active: isActive,
  problems: (job) => job.status === 'failed' || job.status === 'interrupted',
}

/** All jobs, newest first. */
export function ActivityPage() {
  const t = useTranslations('activity')
  const common = useTranslations('common')
  const [filter, setFilter] = useState<Filter>('all')
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(jobPagesQuery())
  const jobs = data?.pages.flatMap((page) => page.jobs)
  const shown = jobs?.filter(matches[filter])
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        {error ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        <Card>
          {!jobs && !error ? (
            <CardBody className="pt-5">
              <SkeletonBlock label={common('loading')} rows={8} />
            </CardBody>
          ) : null}
          {jobs?.length === 0 ? (
            <EmptyState icon={<ListChecks />} title={t('emptyTitle')}>
              {t('emptyBody')}
            </EmptyState>
          ) : null}
          {jobs?.length ? (
            <>
              <div className="p-3 sm:px-5">
                <Segments
                  label={t('filterKind')}
                  value={filter}
                  onChange={setFilter}
                  items={[
                    { value: 'all', label: t('all') },
                    { value: 'active', label: t('onlyActive') },
                    { value: 'problems', label: t('onlyProblems') },
                  ]}
                />
              </div>
              {shown?.length ? (
                <JobsTable jobs={shown} />
              ) : (
                <EmptyState icon={<SearchX />} title={t('noMatch')} className="border-line border-t" />
              )}
            </>
          ) : null}
          {hasNextPage ? (
            <div className="border-line border-t p-3 text-center">
              <Button pending={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                {t('more')}
              </Button>
            </div>
          ) : null}
        </Card>
      </div>
    </>
  )
}
