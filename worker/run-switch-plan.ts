import type { ControlStore } from '@/lib/control/control-store'
import { reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'
import { considerSwitch } from '@/lib/jobs/run-switch-plan'

/** A planned switch is begun within a second of its time. */
const lookMs = 1_000

/** Looks at the planned switch once a second, whatever job runs, until `shutdown` fires. Throws nothing: what fails is tried again. */
export async function runSwitchPlan(store: ControlStore, logger: Logger, shutdown: AbortSignal): Promise<void> {
  while (!shutdown.aborted) {
    try {
      await considerSwitch(store, logger)
    } catch (error) {
      logger.warn({ error: reportError(error) }, 'the planned switch could not be looked at')
    }
    await pause(lookMs, shutdown)
  }
}
