import { readActiveDatabase } from '@/lib/control/active-database'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { type VerifyOptions, verifyDatabases } from '@/lib/verification/verify-databases'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Compares both databases and keeps the report. The job succeeds when it could compare; what it found, differences
 * too, is the report. It changes nothing and needs no lease.
 */
export function createVerifyHandler(dependencies: HandlerDependencies): JobHandler<'verify'> {
  const { store, reports, openTarget } = dependencies
  return async (_payload, { jobId, requestedBy, report, signal }) => {
    const state = requireStateFor('verify', (await readActiveDatabase(store)).state)
    const options = verifyOptions(dependencies, openTarget(state.target), jobId)
    const result = await verifyDatabases(options, report, signal)
    const reportId = await reports.save({ jobId, requestedBy, result })
    const differing = result.tables.filter((table) => table.content === 'different').map((table) => table.table)
    return { status: 'succeeded', result: { reportId, status: result.status, tables: result.tables.length, differing } }
  }
}

/** What a whole verification of the app's own databases looks at. @throws AppError SOURCE_MISSING */
export function verifyOptions(dependencies: HandlerDependencies, targetUrl: string, jobId: string): VerifyOptions {
  const { host, version } = dependencies
  return {
    sourcePath: requireSqlitePath(dependencies),
    targetUrl,
    jobId,
    ...(version === undefined ? {} : { version }),
    ...(host === undefined ? {} : { checkFiles: (report, signal) => host.checkFiles(targetUrl, report, signal) }),
  }
}
