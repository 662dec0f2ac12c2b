import { readActiveDatabase } from '@/lib/control/active-database'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { recopyRows } from '@/lib/migration/recopy-rows'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'
import { verifyOptions } from './verify'

/** Copies differing rows again, compares their tables, and then verifies everything anew: that report is kept. */
export function createRecopyHandler(dependencies: HandlerDependencies): JobHandler<'recopy'> {
  const { store, reports, openTarget } = dependencies
  return async ({ tables, rows }, { jobId, requestedBy, report, signal }) => {
    const state = requireStateFor('recopy', (await readActiveDatabase(store)).state)
    const targetUrl = openTarget(state.target)
    const sourcePath = requireSqlitePath(dependencies)
    const recopied = await recopyRows({ sourcePath, targetUrl, tables, ...(rows === undefined ? {} : { rows }) }, report, signal)
    const result = await verifyDatabases(verifyOptions(dependencies, targetUrl, jobId), report, signal)
    const reportId = await reports.save({ jobId, requestedBy, result })
    return { status: 'succeeded', result: { reportId, status: result.status, recopied: recopied.status, tables: recopied.tables } }
  }
}
