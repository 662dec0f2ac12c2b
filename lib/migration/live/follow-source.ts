import { pause } from '@/lib/core/pause'
import type { Lag } from '@/lib/core/progress'
import { highestChange, pruneChanges } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'
import { requireIntactLog } from './capture'
import { type FollowedCopyOptions, followerSession, openFollowedCopy } from './followed-copy'
import { createLagMeter } from './lag'

export interface FollowEvents {
  /** Asked before each round: false ends the following, for instance when somebody else is to work on the copy. */
  mayGoOn(): Promise<boolean>
  /** At most once a second. */
  onLag(lag: Lag): void
}

/** Between two looks at the log: a copy is behind by about this, and a look costs some 50 microseconds. */
const idleMs = 100
const lagIntervalMs = 1_000
/** Entries that are applied are removed when so many have come together; each removal is a write in the app's file. */
const pruneFrom = 10_000

/**
 * Goes on applying what the source writes to a finished copy, each round proved as it is written, until `mayGoOn` says no or
 * the signal fires. Killed at any point, it is simply called again. Removes from the log what is applied and proved.
 *
 * @throws AppError SOURCE_CHANGED, VALUE_REFUSED, TARGET_REFUSED_ROW, CONTENT_DIFFERS: the copy cannot follow any more
 *   unless a person does something; TARGET_CONNECTION_LOST and other retryable ones: call again later
 */
export async function followSource(options: FollowedCopyOptions, events: FollowEvents, signal: AbortSignal): Promise<void> {
  const copy = await openFollowedCopy(options, followerSession(options.jobId), signal)
  const { db, applier } = copy
  const meter = createLagMeter()
  let schemaVersion: number | undefined
  let reportedAt = Number.NEGATIVE_INFINITY
  let prunedTo = 0
  try {
    while (!signal.aborted && (await events.mayGoOn())) {
      schemaVersion = requireIntactLog(db, schemaVersion)
      const round = await applier.round(db, { signal, prove: true })
      const lag = meter.measure(highestChange(db), applier.applied)
      if (performance.now() - reportedAt >= lagIntervalMs) {
        events.onLag(lag)
        reportedAt = performance.now()
      }
      if (applier.applied - prunedTo >= pruneFrom) {
        prune(options.sourcePath, applier.applied)
        prunedTo = applier.applied
      }
      await pause(round.changes === 0 ? idleMs : 1, signal)
    }
  } finally {
    await copy.close()
  }
}

/** In small transactions; while a writer of the app holds the lock it is left for the next time. */
function prune(sourcePath: string, upTo: number): void {
  const db = openSqlite(sourcePath, { busyTimeoutMs: 20 })
  try {
    while (pruneChanges(db, upTo) > 0);
  } catch {
    // Nothing depends on it.
  } finally {
    db.close()
  }
}
