import type { Report } from '@/lib/core/progress'
import { countTables } from './count-tables'
import type { VerificationResult } from './verification-result'

export interface VerifyOptions {
  /** Path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: string
  /** The migrate job whose copy is verified; only said in logs. */
  readonly jobId?: string
}

/**
 * Compares both databases, now.
 *
 * @throws AppError SOURCE_*, TARGET_* when one of the databases cannot be read at all, CANCELLED
 */
export async function verifyDatabases(options: VerifyOptions, report: Report, signal: AbortSignal): Promise<VerificationResult> {
  report({ type: 'plan', phases: ['counts'] })
  report({ type: 'phase', phase: 'counts', status: 'started' })
  const counts = await countTables(options, report, signal)
  const hasDifference = counts.tables.some(({ content, sourceRows, targetRows }) => content === 'different' || sourceRows !== targetRows)
  report({ type: 'phase', phase: 'counts', status: hasDifference ? 'failed' : 'succeeded', elapsedMs: counts.elapsedMs })
  return {
    status: hasDifference ? 'failed' : 'succeeded',
    source: counts.source,
    target: counts.target,
    startedAt: counts.readAt,
    elapsedMs: counts.elapsedMs,
    tables: counts.tables,
    findings: [],
  }
}
