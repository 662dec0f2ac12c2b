import type { ControlStore } from '@/lib/control/control-store'
import { jobEventSchema } from '@/lib/jobs/job'
import { type LogEntry, type LogQuery, matches } from './log-entry'

interface EventRow {
  readonly jobId: string
  readonly seq: number
  readonly at: Date
  readonly data: string
  readonly job: { readonly kind: string }
}

/** Kinds of events that say something in words. */
const spoken = ['log', 'finding', 'status']
const include = { job: { select: { kind: true } } } as const
/** Rows looked through for a text; what is older is found on the job's own page. */
const lookedThrough = 20_000
const batch = 1_000

/** The newest lines of the jobs' logs that are what a query asks for, newest first, at most `limit`. */
export async function searchJobLogs(store: ControlStore, query: LogQuery, limit: number): Promise<readonly LogEntry[]> {
  if (query.source !== 'all' && query.source !== 'jobs') return []
  const at = {
    ...(query.since === undefined ? {} : { gte: new Date(query.since) }),
    ...(query.until === undefined ? {} : { lte: new Date(query.until) }),
  }
  const where = { type: { in: spoken }, ...(query.job === '' ? {} : { jobId: query.job }), ...(Object.keys(at).length === 0 ? {} : { at }) }
  const found: LogEntry[] = []
  for (let skip = 0; skip < lookedThrough && found.length < limit; skip += batch) {
    const rows = await store.read.jobEvent.findMany({ where, include, orderBy: [{ at: 'desc' }, { seq: 'desc' }], skip, take: batch })
    found.push(
      ...rows
        .map(toEntry)
        .filter((entry) => entry !== null && matches(entry, query))
        .flatMap((entry) => (entry ? [entry] : [])),
    )
    if (rows.length < batch) break
  }
  return found.slice(0, limit)
}

/** What jobs said after a moment, oldest first; what carries exactly that moment is left out by its ids. */
export async function readNewJobLines(store: ControlStore, after: Date, known: ReadonlySet<string>): Promise<readonly LogEntry[]> {
  const where = { type: { in: spoken }, at: { gte: after } }
  const rows = await store.read.jobEvent.findMany({ where, include, orderBy: [{ at: 'asc' }, { seq: 'asc' }], take: batch })
  return rows.flatMap((row) => {
    const entry = toEntry(row)
    return entry && !known.has(entry.id) ? [entry] : []
  })
}

function toEntry({ jobId, seq, at, data, job }: EventRow): LogEntry | null {
  const parsed = jobEventSchema.safeParse(JSON.parse(data))
  if (!parsed.success) return null
  const event = parsed.data
  const base = { id: `job.${jobId}.${seq}`, at: at.toISOString(), source: 'jobs', detail: null, jobId } as const
  if (event.type === 'log') return { ...base, level: event.level, text: event.message }
  if (event.type === 'status')
    return { ...base, level: event.status === 'failed' ? 'error' : 'info', text: `${job.kind} job ${event.status}` }
  if (event.type !== 'finding') return null
  const { finding } = event
  const where = [finding.table, finding.column].filter((part) => part !== null).join('.')
  const level = finding.severity === 'blocks' ? 'error' : finding.severity === 'note' ? 'info' : 'warn'
  return {
    ...base,
    level,
    text: where === '' ? finding.message : `${where}: ${finding.message}`,
    detail: `${finding.code}: ${finding.hint}`,
  }
}
