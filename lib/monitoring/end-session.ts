import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { sqlStateOf, withPostgres } from '@/lib/postgres/connect'

export interface SessionToEnd {
  readonly pid: number
  /** When it connected, as the page was told: a process id alone may belong to somebody else by now. */
  readonly startedAt: string
  /** cancel stops its statement; terminate ends the session, and rolls its transaction back. */
  readonly how: 'cancel' | 'terminate'
}

export interface EndedSession {
  readonly application: string
  readonly user: string
}

const endedRows = z.array(z.object({ done: z.boolean(), application: z.string(), user: z.string() }))

/**
 * Cancels a statement or ends a session of this database, of another client than ourselves. Looked up and signalled in one
 * statement, so that nobody else is hit.
 *
 * @param mayEndOurs false refuses sessions of our own worker and tools, whose work would be cut short
 * @throws AppError NOT_FOUND when it has ended, STATE_CONFLICT for one of ours, TARGET_NOT_PRIVILEGED, TARGET_*
 */
export function endSession(url: string, session: SessionToEnd, mayEndOurs: boolean): Promise<EndedSession> {
  return withPostgres(url, { applicationName: 'bascule health' }, async (client) => {
    await client.query('SET statement_timeout = 5000')
    const where = `a.pid = $1 AND a.backend_start::text = $2 AND a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()`
    const facts = `coalesce(a.application_name, '') AS application, coalesce(a.usename, '') AS "user"`
    const values = [session.pid, session.startedAt]
    const { rows } = await client.query(`SELECT true AS done, ${facts} FROM pg_stat_activity a WHERE ${where}`, values)
    const [found] = endedRows.parse(rows)
    if (!found) throw gone(session.pid)
    if (found.application.startsWith('bascule') && !mayEndOurs) throw ours(found.application)
    const signal = session.how === 'cancel' ? 'pg_cancel_backend' : 'pg_terminate_backend'
    try {
      const answer = await client.query(`SELECT ${signal}(a.pid) AS done, ${facts} FROM pg_stat_activity a WHERE ${where}`, values)
      const [ended] = endedRows.parse(answer.rows)
      if (!ended?.done) throw gone(session.pid)
      return { application: ended.application, user: ended.user }
    } catch (error) {
      throw sqlStateOf(error) === '42501' ? notPrivileged(error) : error
    }
  })
}

function gone(pid: number): AppError {
  return new AppError({ code: 'NOT_FOUND', operation: 'end a session', subject: String(pid), message: 'This session has ended by itself.' })
}

function ours(application: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'end a session',
    subject: application,
    message: 'This session belongs to Bascule itself: ending it would cut short what it does.',
    hint: 'Cancel the job on the Activity page instead.',
  })
}

function notPrivileged(cause: unknown): AppError {
  return new AppError({
    code: 'TARGET_NOT_PRIVILEGED',
    operation: 'end a session',
    message: 'The database user may not end sessions of other users.',
    hint: 'GRANT pg_signal_backend TO the user, or end it as its owner or as a superuser.',
    cause,
  })
}
