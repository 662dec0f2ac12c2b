import type { Report } from '@/lib/core/progress'
import { type MigrationPhase, migrationPhases } from './migration-result'

type Facts = Record<string, string | number | boolean>

/** Runs phases one after the other and says when each begins, waits and ends. */
export interface PhaseRunner {
  /** `use` may answer facts for people with its result. A phase that throws is said to have failed. */
  run<T>(phase: MigrationPhase, use: () => Promise<{ readonly result: T; readonly facts?: Facts }>): Promise<T>
  /** Says that all phases after this one are left out. */
  skipAfter(phase: MigrationPhase): void
  /** Says that the phase under way waits for PostgreSQL, or goes on. */
  setReconnecting(isReconnecting: boolean): void
  /** Milliseconds of every phase that began, waiting included. */
  readonly elapsed: Record<string, number>
}

export function createPhaseRunner(report: Report, phases: readonly MigrationPhase[] = migrationPhases): PhaseRunner {
  const elapsed: Record<string, number> = {}
  let current: MigrationPhase | undefined
  report({ type: 'plan', phases: [...phases] })
  return {
    elapsed,
    async run(phase, use) {
      const startedAt = performance.now()
      current = phase
      report({ type: 'phase', phase, status: 'started' })
      try {
        const { result, facts } = await use()
        elapsed[phase] = performance.now() - startedAt
        report({ type: 'phase', phase, status: 'succeeded', elapsedMs: elapsed[phase], ...(facts === undefined ? {} : { facts }) })
        return result
      } catch (error) {
        elapsed[phase] = performance.now() - startedAt
        report({ type: 'phase', phase, status: 'failed', elapsedMs: elapsed[phase] })
        throw error
      } finally {
        current = undefined
      }
    },
    skipAfter(phase) {
      for (const left of phases.slice(phases.indexOf(phase) + 1)) report({ type: 'phase', phase: left, status: 'skipped' })
    },
    setReconnecting(isReconnecting) {
      if (current) report({ type: 'phase', phase: current, status: isReconnecting ? 'reconnecting' : 'started' })
    },
  }
}
