import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { backOnSqlite } from '@/lib/control/active-state'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { rollBack } from '@/lib/migration/roll-back'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Switches the app back to SQLite. The library carries what was written on PostgreSQL while the app goes on, stops writes
 * there for the last of it, and calls back for the flip before SQLite takes writes again: at no moment do both take them.
 */
export function createRollbackHandler(dependencies: HandlerDependencies): JobHandler<'rollback'> {
  const { store, openTarget } = dependencies
  return async ({ freezeLimitMs }, { jobId, report, signal }) => {
    const before = await readActiveDatabase(store)
    const { target, jobId: copyJobId } = requireStateFor('rollback', before.state)
    const flip = async (log: string | null) => {
      const to = backOnSqlite({ jobId: copyJobId, target, at: store.clock.now(), log })
      await transitionActiveDatabase(store, { from: before.version, to, actor: `job ${jobId}` })
    }
    const options = {
      sourcePath: requireSqlitePath(dependencies),
      targetUrl: openTarget(target),
      ...(freezeLimitMs === undefined ? {} : { freezeLimitMs }),
    }
    const result = await rollBack(options, flip, report, signal)
    return { status: 'succeeded', result }
  }
}
