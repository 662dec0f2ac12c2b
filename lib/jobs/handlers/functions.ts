import { readActiveDatabase } from '@/lib/control/active-database'
import { activeEngine } from '@/lib/control/active-state'
import { createFunctionReportStore } from '@/lib/control/function-reports'
import type { JobHandler } from '@/lib/jobs/job-handler'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { checkFunctions } from '@/lib/verification/check-functions'
import { pathLabel } from '@/lib/verification/endpoints'
import { functionReportSchema } from '@/lib/verification/function-report'
import type { HandlerDependencies } from './handler-dependencies'

/** Tries the host app's functions on the active database and keeps what they came to. */
export function createFunctionsHandler({ store, sqlitePath, host }: HandlerDependencies): JobHandler<'functions'> {
  const reports = createFunctionReportStore(store, functionReportSchema)
  return async (_payload, { jobId, requestedBy, report, signal }) => {
    const state = requireStateFor('functions', (await readActiveDatabase(store)).state)
    const label = state.status === 'on-postgresql' ? state.target.label : sqlitePath === null ? '' : pathLabel(sqlitePath)
    const result = await checkFunctions(host?.functions ?? [], { engine: activeEngine(state), label }, report, signal)
    await reports.save({ id: jobId, requestedBy, result })
    return { status: 'succeeded', result: { reportId: jobId, status: result.status } }
  }
}
