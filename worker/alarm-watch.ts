import { type AlarmParts, watchAlarms } from '@/lib/alarms/watch-alarms'
import { reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'

/** How often the backups are looked at, in milliseconds. */
const lookMs = 20_000

/** Looks at the backups three times a minute, whatever job runs, until `shutdown` fires. Throws nothing: what fails is tried again. */
export async function runAlarmWatch(parts: AlarmParts, holder: string, logger: Logger, shutdown: AbortSignal): Promise<void> {
  while (!shutdown.aborted) {
    try {
      await watchAlarms(parts, holder)
    } catch (error) {
      logger.warn({ error: reportError(error) }, 'alarms could not be looked at')
    }
    await pause(lookMs, shutdown)
  }
}
