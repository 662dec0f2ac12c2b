import { readActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState, SealedTarget } from '@/lib/control/active-state'
import type { ControlStore } from '@/lib/control/control-store'
import { writeFollowStatus } from '@/lib/control/follow-status'
import { databasesLease, readLease } from '@/lib/control/lease'
import { type ErrorCode, reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'
import { followSource } from '@/lib/migration/live/follow-source'

export interface FollowerDependencies {
  readonly store: ControlStore
  /** The app's SQLite file; null when it has none. */
  readonly sqlitePath: string | null
  readonly openTarget: (target: SealedTarget) => string
  readonly logger: Logger
  /** Pause between looks at a state in which nothing is to be followed. Default: 250. */
  readonly pollMs?: number
}

/** What only a person can mend: it is tried again all the same, more slowly, for the row may have been corrected. */
const lasting: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_CHANGED',
  'VALUE_REFUSED',
  'TARGET_REFUSED_ROW',
  'CONTENT_DIFFERS',
  'STATE_CONFLICT',
  'KEY_INVALID',
])
const retryMs = 1_000
const lastingRetryMs = 10_000

/**
 * Follows the source of a live copy that stands ready, beside the worker's jobs, until `shutdown` fires: a job would take the
 * worker's one place for as long as the switch is held. It steps aside for whoever holds the lease over the databases (a
 * cut-over, a discard, a recovery), and goes on when they have left the copy as it was. Throws nothing.
 */
export async function runFollower(dependencies: FollowerDependencies, shutdown: AbortSignal): Promise<void> {
  const { store, openTarget, sqlitePath, logger, pollMs = 250 } = dependencies
  while (!shutdown.aborted) {
    let pauseMs = pollMs
    try {
      const state = await followable(store)
      if (state !== null && sqlitePath !== null) {
        const { jobId } = state
        const publish = (status: Parameters<typeof writeFollowStatus>[1]) =>
          writeFollowStatus(store, status).catch((error: unknown) => logger.warn({ error: reportError(error) }, 'lag could not be kept'))
        try {
          await followSource(
            { sourcePath: sqlitePath, targetUrl: openTarget(state.target), jobId },
            {
              mayGoOn: async () => (await followable(store))?.jobId === jobId,
              onLag: (lag) => void publish({ jobId, status: 'following', lag, error: null }),
            },
            shutdown,
          )
        } catch (error) {
          if (shutdown.aborted) return
          const { code, message, hint } = reportError(error)
          // Whoever took the lease has ended the session; the next look tells.
          if ((await followable(store)) === null) continue
          const isLasting = lasting.has(code)
          logger.warn({ jobId, error: { code, message } }, 'the copy could not follow')
          await publish({
            jobId,
            status: isLasting ? 'stopped' : 'waiting',
            lag: null,
            error: { code, message, ...(hint === undefined ? {} : { hint }) },
          })
          pauseMs = isLasting ? lastingRetryMs : retryMs
        }
      }
    } catch (error) {
      logger.warn({ error: reportError(error) }, 'the state could not be read')
    }
    await pause(pauseMs, shutdown)
  }
}

/** A live copy that stands ready, while nobody else is to work on it. */
async function followable(store: ControlStore): Promise<Extract<ActiveState, { status: 'ready-to-switch' }> | null> {
  const { state } = await readActiveDatabase(store)
  if (state.status !== 'ready-to-switch' || state.mode !== 'live') return null
  return (await readLease(store, databasesLease)) === null ? state : null
}
