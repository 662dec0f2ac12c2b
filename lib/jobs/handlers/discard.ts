import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { discardCopy } from '@/lib/migration/discard-copy'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Gives up a finished copy: the target emptied of it, the app writing on SQLite again.
 *
 * The state goes to `migrating` first: killed in the middle, that is the state in which recovery throws the copy away
 * and lowers the fence, and no cut-over can be asked for meanwhile.
 */
export function createDiscardHandler(dependencies: HandlerDependencies): JobHandler<'discard'> {
  const { store, openTarget, workDir } = dependencies
  return async (_payload, { jobId, report, signal }) => {
    const before = await readActiveDatabase(store)
    const { target, jobId: copyJobId, mode } = requireStateFor('discard', before.state)
    const options = { sourcePath: requireSqlitePath(dependencies), targetUrl: openTarget(target), jobId: copyJobId, workDir }
    const actor = `job ${jobId}`
    const undoing = { status: 'migrating', jobId: copyJobId, target, since: store.clock.now().toISOString(), mode } as const
    const { version } = await transitionActiveDatabase(store, { from: before.version, to: undoing, actor })
    await discardCopy(options, report, signal)
    await transitionActiveDatabase(store, { from: version, to: { status: 'on-sqlite' }, actor })
    return { status: 'succeeded', result: { target: target.label } }
  }
}
