import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { isLive } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { cutOver } from '@/lib/migration/cut-over'
import { cutOverLive } from '@/lib/migration/live/cut-over-live'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Switches the app to the finished copy. The library commits the cut-over record in PostgreSQL and then calls back
 * for the flip of the state: killed between the two, recovery finds the record and flips.
 */
export function createCutoverHandler(dependencies: HandlerDependencies): JobHandler<'cutover'> {
  const { store, openTarget } = dependencies
  return async ({ freezeLimitMs, notAfter }, { jobId, report, signal }) => {
    // It may have waited in the queue behind a long job, or for a worker to come back.
    if (notAfter !== undefined && store.clock.now().getTime() > Date.parse(notAfter)) throw tooLate(notAfter)
    const before = await readActiveDatabase(store)
    const { target, jobId: copyJobId } = requireStateFor('cutover', before.state)
    const flip = async () => {
      const since = store.clock.now().toISOString()
      const to = { status: 'on-postgresql', jobId: copyJobId, target, since } as const
      await transitionActiveDatabase(store, { from: before.version, to, actor: `job ${jobId}` })
    }
    // The copy in the target bears the mark of the migration's job, not of this one.
    const options = { sourcePath: requireSqlitePath(dependencies), targetUrl: openTarget(target), jobId: copyJobId }
    if (isLive(before.state)) {
      const switched = await cutOverLive({ ...options, ...(freezeLimitMs === undefined ? {} : { freezeLimitMs }) }, flip, report, signal)
      return { status: 'succeeded', result: { target: target.label, ...switched } }
    }
    await cutOver(options, flip, report, signal)
    return { status: 'succeeded', result: { target: target.label } }
  }
}

function tooLate(notAfter: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to PostgreSQL',
    message: `The switch was planned for no later than ${notAfter}, and nothing was begun by then.`,
    hint: 'Choose another time, or switch now.',
    retryable: true,
  })
}
