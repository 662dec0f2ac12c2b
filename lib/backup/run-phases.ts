import { throwIfAborted } from '@/lib/core/abort'
import { inPhase } from '@/lib/core/in-phase'
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
  return (await inPhase(phase, report, work, ({ facts }) => facts)).result
}
