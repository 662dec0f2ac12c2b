'use client'

import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import type { JobView } from '@/lib/jobs/job'

/** How long a job took, or how long it has been running, by the second. */
export function JobDuration({ job }: { job: Pick<JobView, 'startedAt' | 'finishedAt'> }) {
  const format = useFormatters()
  const isRunning = job.startedAt !== null && job.finishedAt === null
  const now = useNow(1_000, isRunning)
  if (job.startedAt === null) return <span className="text-ink-faint">–</span>
  const elapsedMs = (job.finishedAt === null ? now : Date.parse(job.finishedAt)) - Date.parse(job.startedAt)
  // Whole seconds while it runs: a jumping fraction helps nobody.
  const shownMs = isRunning ? Math.max(1_000, Math.floor(elapsedMs / 1_000) * 1_000) : Math.max(1, elapsedMs)
  return <span className="tabular">{format.duration(shownMs)}</span>
}
