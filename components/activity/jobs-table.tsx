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
          <TableHeader>{t('activity.status')}</TableHeader>
          <TableHeader>{t('activity.when')}</TableHeader>
          <TableHeader className="text-right">{t('activity.duration')}</TableHeader>
          <TableHeader>{t('activity.who')}</TableHeader>
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
                <span className="block max-w-72 truncate font-mono text-ink-faint text-xs">{job.targetLabel}</span>
              )}
            </TableCell>
            <TableCell>
              <JobStatusBadge status={job.status} />
              {job.error === null ? null : (
                <span className="ml-2 whitespace-nowrap text-ink-soft text-xs">{t(`errors.${job.error.code}.title`)}</span>
              )}
            </TableCell>
            <TableCell className="whitespace-nowrap">
              <TimeStamp iso={job.createdAt} />
            </TableCell>
            <TableCell className="whitespace-nowrap text-right">
              <JobDuration job={job} />
            </TableCell>
            <TableCell className="max-w-56 truncate">{job.requestedBy}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}
