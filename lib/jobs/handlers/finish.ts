import { join } from 'node:path'
import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { finishSwitch } from '@/lib/migration/live/finish'
import type { HandlerDependencies } from './handler-dependencies'

/** Keeps PostgreSQL for good: what was kept for a way back is archived or taken down, and the state says so. */
export function createFinishHandler(dependencies: HandlerDependencies): JobHandler<'finish'> {
  const { store, openTarget, workDir, sqlitePath } = dependencies
  return async ({ original, keepRecord }, { jobId, report, signal }) => {
    const before = await readActiveDatabase(store)
    const state = requireStateFor('finish', before.state)
    const at = store.clock.now()
    const options = {
      sourcePath: sqlitePath,
      targetUrl: openTarget(state.target),
      jobId: state.jobId ?? '',
      archiveFolder: join(workDir, 'archive'),
      at,
      original,
      keepRecord,
    }
    const result = await finishSwitch(
      options,
      async (archive) => {
        const finished = { at: at.toISOString(), jobId: options.jobId, archive: archive?.path ?? null }
        await transitionActiveDatabase(store, { from: before.version, to: { ...state, jobId: null, finished }, actor: `job ${jobId}` })
      },
      report,
      signal,
    )
    return { status: 'succeeded', result }
  }
}
