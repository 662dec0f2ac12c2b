import { Cron } from 'croner'
import { AppError } from '@/lib/core/errors'

/** How often a schedule may at most run: shorter ones would queue jobs behind each other. */
const shortestMinutes = 5

/**
 * The next runs of a cron expression after `from`. Across a change of the clocks the local time is meant: a time that
 * is skipped in spring runs once, right after the gap, and one that comes twice in autumn runs once.
 *
 * @throws AppError INVALID_INPUT for an expression or time zone that means nothing, or never comes
 */
export function nextRuns(cron: string, zone: string, from: Date, count: number): readonly Date[] {
  const runs = parse(cron, zone).nextRuns(count, from)
  if (runs.length > 0) return runs
  throw wrongSchedule('The schedule never comes due.', 'Check day and month: a 31 February does not exist.')
}

/** The first run after `from`. @throws AppError INVALID_INPUT */
export function nextRun(cron: string, zone: string, from: Date): Date {
  // nextRuns throws rather than answer an empty list.
  return nextRuns(cron, zone, from, 1)[0] as Date
}

/** Refuses what `nextRuns` would refuse, and what would run more often than every five minutes. @throws AppError INVALID_INPUT */
export function checkCron(cron: string, zone: string, from: Date): void {
  const runs = nextRuns(cron, zone, from, 20)
  const isTooOften = runs.some((run, index) => {
    const before = runs[index - 1]
    return before !== undefined && run.getTime() - before.getTime() < shortestMinutes * 60_000
  })
  if (isTooOften)
    throw wrongSchedule(`The schedule runs more often than every ${shortestMinutes} minutes.`, 'Choose larger steps: */15 * * * *.')
}

function parse(cron: string, zone: string): Cron {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    throw wrongSchedule('There is no such time zone.', 'Give it as Europe/Paris, America/New_York or UTC.')
  }
  try {
    // Made without a function, it only computes and starts no timer. Seconds are not offered.
    return new Cron(cron, { timezone: zone, mode: cron.startsWith('@') ? 'auto' : '5-part', paused: true })
  } catch (cause) {
    const hint = 'Five fields: minute, hour, day of month, month, day of week. Every night at three: 0 3 * * *.'
    throw wrongSchedule('The cron expression cannot be read.', hint, cause)
  }
}

function wrongSchedule(message: string, hint: string, cause?: unknown): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'read a schedule', message, hint, ...(cause === undefined ? {} : { cause }) })
}
