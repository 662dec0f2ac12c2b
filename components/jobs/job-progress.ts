import type { Finding } from '@/lib/core/finding'
import type { Lag, TableProgress } from '@/lib/core/progress'
import type { JobStatus, NumberedEvent } from '@/lib/jobs/job'

export type PhaseStatus = 'waiting' | 'started' | 'reconnecting' | 'succeeded' | 'failed' | 'skipped'

export interface PhaseProgress {
  readonly phase: string
  readonly status: PhaseStatus
  /** When it started, ISO 8601; null before. */
  readonly startedAt: string | null
  /** null while it runs. */
  readonly elapsedMs: number | null
  readonly facts: Readonly<Record<string, string | number | boolean>>
}

export interface TotalsProgress {
  readonly phase: string
  readonly rowsDone: number
  readonly rowsTotal: number | null
  readonly bytesDone: number | null
  /** Null where the work is measured in rows. */
  readonly bytesTotal: number | null
  readonly bytesPerSecond: number | null
  readonly rowsPerSecond: number | null
  readonly remainingMs: number | null
}

export interface LogLine {
  readonly seq: number
  readonly at: string
  readonly level: 'info' | 'warn' | 'error'
  /** A sentence of the library, or a phase's change of state, which the page puts into words. */
  readonly content:
    | { readonly type: 'message'; readonly text: string }
    | {
        readonly type: 'phase'
        readonly phase: string
        readonly status: Exclude<PhaseStatus, 'waiting'>
        readonly elapsedMs: number | null
      }
    | { readonly type: 'status'; readonly status: JobStatus }
    | { readonly type: 'finding'; readonly finding: Finding }
}

/** A lag, and when it was so in milliseconds since 1970. */
export interface LagPoint extends Lag {
  readonly at: number
}

const mostLagPoints = 120

/** All that the events of a job tell, added up. */
export interface JobProgress {
  /** Number of the last event that is in it; 0 before the first. */
  readonly lastSeq: number
  readonly status: JobStatus | null
  readonly phases: readonly PhaseProgress[]
  /** Tables of the phase that copies, in the order in which they were first named. */
  readonly tables: readonly TableProgress[]
  readonly totals: TotalsProgress | null
  readonly findings: readonly Finding[]
  /** How far a live copy was behind, oldest first; the last two minutes. */
  readonly lag: readonly LagPoint[]
  readonly log: readonly LogLine[]
}

export const noProgress: JobProgress = { lastSeq: 0, status: null, phases: [], tables: [], totals: null, findings: [], lag: [], log: [] }

/**
 * Adds events to what is known. Events already counted are skipped, so that a stream which starts again
 * from its beginning changes nothing.
 */
export function addEvents(progress: JobProgress, events: readonly NumberedEvent[]): JobProgress {
  const fresh = events.filter((event) => event.seq > progress.lastSeq)
  if (fresh.length === 0) return progress
  const draft = {
    lastSeq: progress.lastSeq,
    status: progress.status,
    phases: [...progress.phases],
    tables: new Map(progress.tables.map((table) => [table.table, table])),
    totals: progress.totals,
    findings: [...progress.findings],
    lag: [...progress.lag],
    log: [...progress.log],
  }
  for (const { seq, at, event } of fresh) {
    if (seq <= draft.lastSeq) continue
    draft.lastSeq = seq
    const line = (level: LogLine['level'], content: LogLine['content']) => draft.log.push({ seq, at, level, content })
    switch (event.type) {
      case 'plan':
        draft.phases = event.phases.map((phase) => ({ phase, status: 'waiting', startedAt: null, elapsedMs: null, facts: {} }))
        break
      case 'phase': {
        draft.phases = withPhase(draft.phases, event.phase, (before) => ({
          phase: event.phase,
          status: event.status,
          // A phase that goes on after waiting for PostgreSQL began when it began.
          startedAt: event.status === 'started' && before?.status !== 'reconnecting' ? at : (before?.startedAt ?? null),
          elapsedMs: event.elapsedMs ?? null,
          facts: { ...before?.facts, ...event.facts },
        }))
        line(event.status === 'failed' ? 'error' : event.status === 'reconnecting' ? 'warn' : 'info', {
          type: 'phase',
          phase: event.phase,
          status: event.status,
          elapsedMs: event.elapsedMs ?? null,
        })
        break
      }
      case 'progress': {
        const { phase, rowsDone, rowsTotal, bytesDone, bytesTotal = null, bytesPerSecond = null, rowsPerSecond, remainingMs } = event
        draft.totals = { phase, rowsDone, rowsTotal, bytesDone, bytesTotal, bytesPerSecond, rowsPerSecond, remainingMs }
        // Later phases (structure, counts) name tables too; the bars stay those of the copy.
        if (phase === 'copy' || !draft.phases.some((known) => known.phase === 'copy')) {
          for (const table of event.tables) draft.tables.set(table.table, table)
        }
        break
      }
      case 'lag':
        draft.lag = [...draft.lag, { at: Date.parse(at), ...event.lag }].slice(-mostLagPoints)
        break
      case 'finding':
        draft.findings.push(event.finding)
        line(findingLevel(event.finding), { type: 'finding', finding: event.finding })
        break
      case 'log':
        line(event.level, { type: 'message', text: event.message })
        break
      case 'status':
        draft.status = event.status
        line(event.status === 'failed' || event.status === 'interrupted' ? 'error' : 'info', { type: 'status', status: event.status })
        break
    }
  }
  return { ...draft, tables: [...draft.tables.values()] }
}

function withPhase(
  phases: readonly PhaseProgress[],
  name: string,
  change: (before: PhaseProgress | undefined) => PhaseProgress,
): PhaseProgress[] {
  const index = phases.findIndex((known) => known.phase === name)
  return index < 0 ? [...phases, change(undefined)] : phases.map((known, at) => (at === index ? change(known) : known))
}

function findingLevel(finding: Finding): LogLine['level'] {
  if (finding.severity === 'blocks') return 'error'
  return finding.severity === 'note' ? 'info' : 'warn'
}
