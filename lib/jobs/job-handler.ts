import type { ErrorReport } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { JobKind, JobPayload } from './job'

/** What a handler may use besides its payload. */
export interface JobContext {
  readonly jobId: string
  readonly requestedBy: string
  readonly report: Report
  /** Fires when the job is cancelled, its worker stops, or the job or the lease was lost. Stop then and put everything back. */
  readonly signal: AbortSignal
}

/**
 * How the work ended when it ended in a stable state. What is thrown means the opposite for an exclusive job: the
 * databases are recovered before anything else is claimed.
 */
export type HandlerOutcome =
  | { readonly status: 'succeeded'; readonly result: unknown }
  | { readonly status: 'failed'; readonly error: ErrorReport; readonly result?: unknown }

export type JobHandler<K extends JobKind> = (payload: JobPayload<K>, context: JobContext) => Promise<HandlerOutcome>

/** One handler a kind. */
export type JobHandlers = { readonly [K in JobKind]: JobHandler<K> }
