import type { JobHandler } from '@/lib/jobs/job-handler'
import { savePreflight } from '@/lib/preflight/preflight-reports'
import { runPreflight } from '@/lib/preflight/run-preflight'
import { type HandlerDependencies, requireSqlitePath } from './handler-dependencies'

/**
 * Asks everything that can be known before a migration to this target and keeps the report. The job succeeds when it
 * could ask; what came out, also a verdict of "not ready", is the report. It writes on neither database.
 */
export function createPreflightHandler(dependencies: HandlerDependencies): JobHandler<'preflight'> {
  const { store, openTarget, migrationsDir, workDir, ownApp } = dependencies
  return async ({ target }, { jobId, requestedBy, report, signal }) => {
    const sourcePath = requireSqlitePath(dependencies)
    const model = { kind: 'history', folder: migrationsDir } as const
    const result = await runPreflight({ sourcePath, targetUrl: openTarget(target), model, workDir, own: ownApp }, report, signal)
    await savePreflight(store, { jobId, requestedBy, result })
    const count = (status: string) => result.checks.filter((check) => check.status === status).length
    const counts = { passed: count('passed'), failed: count('failed'), warning: count('warning'), unknown: count('unknown') }
    return { status: 'succeeded', result: { verdict: result.verdict, ...counts } }
  }
}
