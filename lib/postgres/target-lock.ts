import type pg from 'pg'
import { AppError } from '@/lib/core/errors'

/** Any number, the same in every version of ours. */
const lockKey = 8_313_460_721

/**
 * Makes this session the only one of ours that works on the database, until the session ends: the server frees the lock
 * when the process dies, so there is nothing to clean up.
 *
 * @param waitMs how long to wait for another session, which may be about to be noticed as dead. Default: 5,000.
 * @throws AppError LEASE_HELD when another session of ours keeps it
 */
export async function lockTarget(client: pg.Client, waitMs = 5_000): Promise<void> {
  const until = Date.now() + waitMs
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [lockKey])
    if (rows[0]?.locked) return
    if (Date.now() >= until) {
      throw new AppError({
        code: 'LEASE_HELD',
        operation: 'lock the target',
        message: 'Another migration is at work on this PostgreSQL database.',
        hint: 'Wait until it has ended, or cancel it.',
        retryable: true,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/**
 * Ends the other sessions that a job has on the database and waits until they are gone: they would hold locks on what is
 * to be removed, and what they were still at could be committed after somebody has looked.
 *
 * @param waitMs how long to wait. Default: 10,000.
 * @throws AppError TARGET_CONNECTION_LOST when one does not end
 */
export async function endSessions(client: pg.Client, applicationName: string, waitMs = 10_000): Promise<void> {
  const until = Date.now() + waitMs
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = left($1, 63) AND pid <> pg_backend_pid()`,
      [applicationName],
    )
    if (rowCount === 0) return
    if (Date.now() >= until) {
      throw new AppError({
        code: 'TARGET_CONNECTION_LOST',
        operation: 'end earlier sessions',
        message: 'A session of this migration does not end on the PostgreSQL server.',
        hint: `End it there (pg_stat_activity, application_name ${applicationName}), then try again.`,
        retryable: true,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
