import type { ActiveSource } from '@/lib/control/active-source'
import type { ControlStore } from '@/lib/control/control-store'
import { reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'
import { figuresOf, type Reading } from './counters'
import { spanMs, startOf } from './fold-points'
import { savePoint, thinHistory } from './history-store'
import { readCounters } from './read-counters'

export interface SamplerDependencies {
  readonly store: ControlStore
  /** The active database now, and whether the app may write to it; what it throws makes a gap. */
  readonly active: () => Promise<{ readonly source: ActiveSource; readonly isWritable: boolean }>
  readonly logger: Logger
}

/**
 * Measures the active database once a minute until `shutdown` fires, beside whatever job runs. A minute that cannot be
 * measured is left out: a gap. Any number of workers may do it: a minute is kept once.
 */
export async function runSampler(dependencies: SamplerDependencies, shutdown: AbortSignal): Promise<void> {
  const { logger } = dependencies
  let before: Reading | null = null
  let lastFailure: string | null = null
  while (!shutdown.aborted) {
    try {
      before = await takeSample(dependencies, before)
      lastFailure = null
    } catch (error) {
      const failure = reportError(error)
      // A database that is away for a night is said once.
      if (failure.message !== lastFailure) logger.warn({ error: failure }, 'the database could not be measured')
      lastFailure = failure.message
      before = null
    }
    // At the start of the next minute, so that two workers' minutes are the same.
    await pause(spanMs.minute - (dependencies.store.clock.now().getTime() % spanMs.minute), shutdown)
  }
}

/** One measurement, kept; folds what is old once an hour. @returns the reading, for the next one's rates */
export async function takeSample({ store, active }: SamplerDependencies, before: Reading | null): Promise<Reading> {
  const { source, isWritable } = await active()
  const reading = await readCounters(source, isWritable)
  const at = startOf('minute', store.clock.now())
  await savePoint(store, { span: 'minute', at: at.toISOString(), engine: reading.engine, figures: figuresOf(reading, before) })
  if (before === null || at.getUTCMinutes() === 0) await thinHistory(store)
  return reading
}
