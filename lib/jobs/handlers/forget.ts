import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { disarmChangeLog } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Stays on SQLite for good: nothing is noted any more for a way forward, or for telling what was changed on both sides. The
 * copy that was left stays on PostgreSQL as it is, closed; the next migration to it sets it aside.
 */
export function createForgetHandler(dependencies: HandlerDependencies): JobHandler<'forget'> {
  const { store } = dependencies
  return async (_payload, { jobId }) => {
    const before = await readActiveDatabase(store)
    const { former } = requireStateFor('forget', before.state)
    await transitionActiveDatabase(store, { from: before.version, to: { status: 'on-sqlite' }, actor: `job ${jobId}` })
    // Killed in between, the worker's next look at the file takes the log down.
    const db = openSqlite(requireSqlitePath(dependencies))
    try {
      disarmChangeLog(db)
    } finally {
      db.close()
    }
    return { status: 'succeeded', result: { target: former?.target.label ?? null } }
  }
}
