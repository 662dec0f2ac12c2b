'use client'

import Link from 'next/link'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { z } from 'zod'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { JobDuration } from '@/components/jobs/job-duration'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import type { JobView } from '@/lib/jobs/job'

/** What results of any kind may tell; what is absent is not shown. */
const resultSchema = z.object({
  rowsCopied: z.number().optional(),
  bytesCopied: z.number().optional(),
  safetyCopy: z.string().nullish(),
  reportId: z.string().optional(),
})

/** Who, when, how long, where to, and what came out. */
export function JobFacts({ job }: { job: JobView }) {
  const t = useTranslations('activity')
  const jobs = useTranslations('jobs')
  const format = useFormatters()
  const result = resultSchema.safeParse(job.result).data ?? {}
  const facts: [string, ReactNode][] = [
    [t('who'), job.requestedBy],
    [t('created'), <TimeStamp key="created" iso={job.createdAt} />],
    [t('started'), job.startedAt === null ? t('notYet') : <TimeStamp key="started" iso={job.startedAt} />],
    [t('finished'), job.finishedAt === null ? t('notYet') : <TimeStamp key="finished" iso={job.finishedAt} />],
    [t('duration'), <JobDuration key="duration" job={job} />],
  ]
  if (job.targetLabel !== null) {
    facts.push([
      jobs('target'),
      <span key="target" className="break-all font-mono text-xs">
        {job.targetLabel}
      </span>,
    ])
  }
  if (result.rowsCopied !== undefined) facts.push([t('rowsCopied'), format.number(result.rowsCopied)])
  if (result.bytesCopied !== undefined) facts.push([t('bytesCopied'), format.bytes(result.bytesCopied)])
  if (result.safetyCopy != null) {
    facts.push([
      t('safetyCopy'),
      <span key="copy" className="break-all font-mono text-xs">
        {result.safetyCopy}
      </span>,
    ])
  }
  const reportId = result.reportId ?? (job.kind === 'verify' && job.status === 'succeeded' ? job.id : undefined)
  return (
    <Card aria-labelledby="job-facts">
      <CardHeader title={t('job')} titleId="job-facts" />
      <CardBody>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
          {facts.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-faint">{name}</dt>
              <dd className="tabular min-w-0 break-words">{value}</dd>
            </div>
          ))}
        </dl>
        <div className="mt-3 flex flex-col gap-1 text-sm">
          {reportId === undefined ? null : (
            <Link href={`/admin/verification/${reportId}`} className="w-fit rounded text-info-ink underline-offset-4 hover:underline">
              {t('report')}
            </Link>
          )}
          {job.retryOfId === null ? null : (
            <Link href={`/admin/activity/${job.retryOfId}`} className="w-fit rounded text-info-ink underline-offset-4 hover:underline">
              {t('retryOf')}
            </Link>
          )}
        </div>
      </CardBody>
    </Card>
  )
}
