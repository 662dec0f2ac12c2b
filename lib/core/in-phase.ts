import type { ProgressEvent, Report } from './progress'

type Facts = Extract<ProgressEvent, { type: 'phase' }>['facts']

/** `inPhase` for work whose phases are known by name. */
export type InPhase<P extends string> = <T>(phase: P, report: Report, work: () => Promise<T>) => Promise<T>

/**
 * Runs one phase with its events around it. A failure is told and thrown on.
 *
 * @param factsOf facts of the result for people. Default: none
 */
export async function inPhase<T>(
  phase: string,
  report: Report,
  work: () => Promise<T>,
  factsOf: (result: T) => Facts = () => undefined,
): Promise<T> {
  const started = performance.now()
  report({ type: 'phase', phase, status: 'started' })
  try {
    const result = await work()
    const facts = factsOf(result)
    report({ type: 'phase', phase, status: 'succeeded', elapsedMs: performance.now() - started, ...(facts ? { facts } : {}) })
    return result
  } catch (error) {
    report({ type: 'phase', phase, status: 'failed', elapsedMs: performance.now() - started })
    throw error
  }
}
