import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState } from '@/lib/control/active-state'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease, readLease } from '@/lib/control/lease'
import { readWayBack, writeWayBack } from '@/lib/control/way-back'
import { reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { pause } from '@/lib/core/pause'
import type { ProgressEvent } from '@/lib/core/progress'
import { type CloseDependencies, closeAbandoned } from '@/lib/migration/close-abandoned'
import { isForwardLogTooLong } from '@/lib/migration/live/forward-log'
import { previewRollback } from '@/lib/migration/preview-roll-back'
import { disarmChangeLog } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'

export interface WatchDependencies extends CloseDependencies {
  /** Ids of the administrators, from the active database. */
  readonly readAdministrators: () => Promise<readonly string[]>
  readonly logger: Logger
  /** Entries of the change log after a way back beyond which it is given up. Default: 5,000,000. */
  readonly mostNoted?: number
  /** Pause between two looks. Default: 5,000; while PostgreSQL is waited for, a fifth of it. */
  readonly pollMs?: number
}

/** Of the time at most this part is spent counting: a log of millions of entries takes seconds to count. */
const restPerCount = 20

/**
 * Looks after the way back, beside the worker's jobs, until `shutdown` fires. On PostgreSQL: what waits to be carried to
 * SQLite and who the administrators are, so that both are known when PostgreSQL is gone. After an emergency: PostgreSQL is
 * asked for until it answers, closed before anything else, and what stayed behind is listed. Throws nothing.
 */
export async function watchWayBack(dependencies: WatchDependencies, shutdown: AbortSignal): Promise<void> {
  const { store, logger, pollMs = 5_000 } = dependencies
  while (!shutdown.aborted) {
    let pauseMs = pollMs
    try {
      const { state } = await readActiveDatabase(store)
      const started = performance.now()
      if (state.status === 'on-postgresql' && state.jobId !== null && (await readLease(store, databasesLease)) === null) {
        await count(dependencies, state.jobId, state.target)
        pauseMs = Math.max(pollMs, (performance.now() - started) * restPerCount)
      }
      if (state.status === 'on-sqlite' && state.former?.log != null) await endLongLog(dependencies, shutdown)
      // Wherever the app is by now: a database that was left in an emergency is closed as soon as it answers.
      if ((await closeAbandoned(dependencies, (event) => log(logger, event), shutdown)) !== null) pauseMs = pollMs / 5
    } catch (error) {
      if (shutdown.aborted) return
      const { code, message } = reportError(error)
      pauseMs = pollMs / 5
      logger.debug({ error: { code, message } }, 'the way back could not be looked at')
    }
    await pause(pauseMs, shutdown)
  }
}

async function count(
  { store, openTarget, readAdministrators, logger }: WatchDependencies,
  jobId: string,
  target: Extract<ActiveState, { status: 'on-postgresql' }>['target'],
): Promise<void> {
  const before = await readWayBack(store, jobId)
  try {
    const preview = await previewRollback({ targetUrl: openTarget(target) })
    const waiting = { ...preview, tables: [...preview.tables], at: store.clock.now().toISOString() }
    if (before?.away) logger.info({ since: before.away.since }, 'PostgreSQL answers again')
    await writeWayBack(store, { jobId, waiting, away: null, administrators: [...(await readAdministrators())] })
  } catch (error) {
    const { code, message } = reportError(error)
    if (!before?.away) logger.warn({ error: { code, message } }, 'PostgreSQL does not answer')
    const away = { since: before?.away?.since ?? store.clock.now().toISOString(), code, message }
    await writeWayBack(store, { jobId, waiting: before?.waiting ?? null, administrators: before?.administrators ?? null, away })
  }
}

/** An app that stays on SQLite for months after a way back must not fill its disk with what nobody will read. */
async function endLongLog({ store, sqlitePath, mostNoted, actor, logger }: WatchDependencies, signal: AbortSignal): Promise<void> {
  if (sqlitePath === null || !isForwardLogTooLong(sqlitePath, mostNoted)) return
  await withExclusive(store, { name: databasesLease, holder: actor, purpose: 'end of a long change log' }, signal, async () => {
    const { state, version } = await readActiveDatabase(store)
    if (state.status !== 'on-sqlite' || !state.former) return
    await transitionActiveDatabase(store, { from: version, to: { ...state, former: { ...state.former, log: null } }, actor })
    const db = openSqlite(sqlitePath)
    try {
      disarmChangeLog(db)
    } finally {
      db.close()
    }
    logger.warn(
      { entries: mostNoted ?? 'too many' },
      'what is written is noted no longer for going to PostgreSQL again: it had become too much',
    )
  })
}

function log(logger: Logger, event: ProgressEvent): void {
  if (event.type === 'log') logger[event.level]({ emergency: true }, event.message)
}
