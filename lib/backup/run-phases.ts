import { throwIfAborted } from '@/lib/core/abort'
import type { Report } from '@/lib/core/progress'

export type Facts = Readonly<Record<string, string | number | boolean>>

/** What a phase answers: its result, and facts of it for people. */
export interface PhaseOutcome<T> {
  readonly result: T
  readonly facts?: Facts
}

/** Runs one phase with its events around it; a failure is told and thrown on. */
export async function runPhase<T>(phase: string, report: Report, signal: AbortSignal, work: () => Promise<PhaseOutcome<T>>): Promise<T> {
  throwIfAborted(signal)
  const started = performance.now()
  report({ type: 'phase', phase, status: 'started' })
  try {
    const { result, facts } = await work()
    report({ type: 'phase', phase, status: 'succeeded', elapsedMs: performance.now() - started, ...(facts ? { facts } : {}) })
    return result
  } catch (error) {
    report({ type: 'phase', phase, status: 'failed', elapsedMs: performance.now() - started })
    throw error
  }
}
