import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { heldChoice } from '@/lib/control/switch-choice'
import { chooseSwitch } from '@/lib/control/switch-plan'
import { reportError } from '@/lib/core/errors'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { bringForward } from '@/lib/migration/live/forward'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Brings the copy that the app was switched back from up to date while the app goes on. Success ends ready-to-switch, as a
 * live migration does, under the name of the migration that made the copy: its mark stands there. A failure or a kill
 * ends on-sqlite, with the copy and the log as they are, so that it may be tried again.
 */
export function createForwardHandler(dependencies: HandlerDependencies): JobHandler<'forward'> {
  const { store, openTarget, workDir } = dependencies
  return async (_payload, { jobId, requestedBy, report, signal }) => {
    const before = await readActiveDatabase(store)
    const state = requireStateFor('forward', before.state)
    const { former } = state
    // requireStateFor lets no other state pass.
    if (!former || former.log === null) return { status: 'failed', error: reportError(new Error('nothing to go forward to')) }
    const actor = `job ${jobId}`
    const since = () => store.clock.now().toISOString()
    const copy = { jobId: former.jobId, target: former.target, mode: 'live' } as const
    const begun = await transitionActiveDatabase(store, {
      from: before.version,
      to: { status: 'migrating', ...copy, since: since(), former },
      actor,
    })
    // What was once planned for this copy is over: it is held until somebody says so.
    await chooseSwitch(store, former.jobId, heldChoice, requestedBy)
    try {
      const options = { sourcePath: requireSqlitePath(dependencies), targetUrl: openTarget(former.target), workDir }
      const tables = await bringForward({ ...options, jobId: former.jobId, log: former.log }, report, signal)
      const ready = { status: 'ready-to-switch', ...copy, since: since() } as const
      await transitionActiveDatabase(store, { from: begun.version, to: ready, actor })
      return { status: 'succeeded', result: { target: former.target.label, tables } }
    } catch (error) {
      // Nothing was written to the file, and the copy is it as it was at some moment: both stay as they are.
      await transitionActiveDatabase(store, { from: begun.version, to: state, actor })
      return { status: 'failed', error: reportError(error) }
    }
  }
}
