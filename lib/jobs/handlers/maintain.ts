import { readActiveDatabase } from '@/lib/control/active-database'
import { activeSource } from '@/lib/control/active-source'
import { reportError } from '@/lib/core/errors'
import type { HandlerOutcome, JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { maintain } from '@/lib/monitoring/maintenance/maintain'
import type { HandlerDependencies } from './handler-dependencies'

/**
 * Maintains the active database. It holds the lease, so that no migration, switch or restore runs beside it. Whatever
 * happens ends in a stable state: a statement stands for itself, so what went wrong is answered and never thrown.
 */
export function createMaintainHandler({
  store,
  sqlitePath,
  openTarget,
}: Pick<HandlerDependencies, 'store' | 'sqlitePath' | 'openTarget'>): JobHandler<'maintain'> {
  return async (request, { report, signal }): Promise<HandlerOutcome> => {
    try {
      const { state } = await readActiveDatabase(store)
      requireStateFor('maintain', state)
      const source = activeSource(state, sqlitePath, openTarget)
      const { result, error } = await maintain(source, store, request, report, signal)
      return error === null ? { status: 'succeeded', result } : { status: 'failed', error: reportError(error), result }
    } catch (error) {
      return { status: 'failed', error: reportError(error) }
    }
  }
}
