import type { Prisma } from '@/lib/control/generated/client'
import { type JobView, jobPayloads, jobViewSchema } from './job'

/** A row of the Job table, as Prisma reads it. */
export type JobRow = Prisma.JobModel

/** The row as REST answers carry it: dates as text, the target's label, never the payload with its sealed URL. */
export function toJobView(row: JobRow): JobView {
  return jobViewSchema.parse({
    id: row.id,
    kind: row.kind,
    status: row.status,
    requestedBy: row.requestedBy,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    cancelRequestedAt: row.cancelRequestedAt?.toISOString() ?? null,
    attempt: row.attempt,
    lastEventSeq: row.lastEventSeq,
    retryOfId: row.retryOfId,
    targetLabel: targetLabelOf(row),
    result: row.result === null ? null : JSON.parse(row.result),
    error: row.error === null ? null : JSON.parse(row.error),
  })
}

function targetLabelOf(row: JobRow): string | null {
  if (row.kind !== 'migrate' && row.kind !== 'preflight') return null
  const payload = jobPayloads[row.kind].safeParse(JSON.parse(row.payload))
  return payload.success ? payload.data.target.label : null
}
