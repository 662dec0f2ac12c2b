import type { ControlStore } from '@/lib/control/control-store'
import type { ProgressEvent, Report } from '@/lib/core/progress'
import type { JobEvent } from './job'
import { appendEvents, type JobHold } from './job-events'

export interface EventRecorder {
  /** Takes an event; returns at once. */
  readonly report: Report
  /** Waits until everything reported so far is stored. @throws what the last write threw */
  flush(): Promise<void>
  /** Stores the rest and stops. */
  close(): Promise<void>
}

type Progress = Extract<ProgressEvent, { type: 'progress' }>

/** At most five progress events a second and job, however often the library reports. */
const flushEveryMs = 200
/** Findings and log lines kept of one job; a table of a million odd values must not become a million events. */
const maxLooseEvents = 2_000

/**
 * Stores a job's events in their order, in batches. Progress of one phase is merged until the next batch: the tables
 * that changed are united by name and the totals are the latest, so nothing that a page shows is lost.
 *
 * @param onError told once when events can no longer be stored; the job must stop
 */
export function recordEvents(store: ControlStore, hold: JobHold, onError: (error: unknown) => void): EventRecorder {
  let pending: { at: Date; event: JobEvent }[] = []
  let looseEvents = 0
  let failure: { readonly error: unknown } | undefined
  let writing: Promise<void> = Promise.resolve()

  const flush = (): Promise<void> => {
    const batch = pending
    pending = []
    writing = writing.then(async () => {
      if (failure || batch.length === 0) return
      try {
        await appendEvents(store, hold, batch)
      } catch (error) {
        failure = { error }
        onError(error)
      }
    })
    return writing.then(() => {
      if (failure) throw failure.error
    })
  }
  // Failures reach onError; a rejected flush of the timer has nobody else to tell.
  const timer = setInterval(() => void flush().catch(() => undefined), flushEveryMs)

  const push = (event: JobEvent) => pending.push({ at: store.clock.now(), event })
  const report: Report = (event) => {
    if (event.type === 'finding' || event.type === 'log') {
      looseEvents++
      if (looseEvents === maxLooseEvents)
        push({ type: 'log', level: 'warn', message: 'Further findings and log lines are not kept with this job.' })
      if (looseEvents >= maxLooseEvents) return
    }
    const last = pending.at(-1)
    if (event.type === 'progress' && last?.event.type === 'progress' && last.event.phase === event.phase) {
      pending[pending.length - 1] = { at: store.clock.now(), event: mergeProgress(last.event, event) }
    } else push(event)
  }
  const close = async () => {
    clearInterval(timer)
    await flush()
  }
  return { report, flush, close }
}

/** The later event, with the tables of both: the later state of each. */
export function mergeProgress(earlier: Progress, later: Progress): Progress {
  const tables = new Map([...earlier.tables, ...later.tables].map((table) => [table.table, table]))
  return { ...later, tables: [...tables.values()] }
}
