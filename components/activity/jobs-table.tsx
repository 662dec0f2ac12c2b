'use client'

import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { JobDuration } from '@/components/jobs/job-duration'
import { JobStatusBadge } from '@/components/jobs/job-status-badge'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { JobView } from '@/lib/jobs/job'

/** Jobs, one a line; the whole line leads to the job's page. */
export function JobsTable({ jobs }: { jobs: readonly JobView[] }) {
  const t = useTranslations()
  return (
    <Table label={t('activity.title')}>
      <TableHead>
        <tr>
          <TableHeader>{t('activity.job')}</TableHeader>
          <TableHeader className="max-sm:hidden">{t('activity.status')}</TableHeader>
          <TableHeader className="max-sm:hidden">{t('activity.when')}</TableHeader>
          <TableHeader className="text-right">{t('activity.duration')}</TableHeader>
          <TableHeader className="max-sm:hidden">{t('activity.who')}</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {jobs.map((job) => (
          <TableRow key={job.id} className="relative hover:bg-hover">
            <TableCell className="whitespace-nowrap">
              <Link
                href={`/admin/activity/${job.id}`}
                className="rounded font-medium underline-offset-4 after:absolute after:inset-0 hover:underline"
              >
                {t(`jobs.kind.${job.kind}`)}
              </Link>
              {job.targetLabel === null ? null : (
                <span className="block max-w-72 truncate font-mono text-ink-faint text-xs max-sm:max-w-52">{job.targetLabel}</span>
              )}
              {/* What a phone has no room for as columns. */}
              <span className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 sm:hidden">
                <JobStatusBadge status={job.status} />
                <TimeStamp iso={job.createdAt} relative className="text-ink-faint text-xs" />
              </span>
            </TableCell>
            <TableCell className="max-sm:hidden">
              <JobStatusBadge status={job.status} />
              {job.error === null ? null : (
                <span className="ml-2 whitespace-nowrap text-ink-soft text-xs">{t(`errors.${job.error.code}.title`)}</span>
              )}
            </TableCell>
            <TableCell className="whitespace-nowrap max-sm:hidden">
              <TimeStamp iso={job.createdAt} />
            </TableCell>
            <TableCell className="whitespace-nowrap text-right">
              <JobDuration job={job} />
            </TableCell>
            <TableCell className="max-w-56 truncate max-sm:hidden">{job.requestedBy}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}
