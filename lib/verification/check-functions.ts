import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { FunctionCause, FunctionCheck, FunctionOutcome, FunctionReport } from './function-report'

/** A function that did something else than it should, with the words for it. */
export class FunctionFailure extends Error {
  constructor(readonly why: FunctionCause) {
    super(why.message)
  }
}

/**
 * Tries the functions one after the other; one that fails does not keep the next from being tried.
 *
 * @throws AppError CANCELLED
 */
export async function checkFunctions(
  checks: readonly FunctionCheck[],
  database: Pick<FunctionReport, 'engine' | 'label'>,
  report: Report,
  signal: AbortSignal,
): Promise<FunctionReport> {
  const startedAt = new Date()
  const started = performance.now()
  const outcomes: FunctionOutcome[] = []
  report({ type: 'plan', phases: ['functions'] })
  report({ type: 'phase', phase: 'functions', status: 'started' })
  for (const check of checks) {
    throwIfAborted(signal)
    const outcome = await tryOne(check, signal)
    outcomes.push(outcome)
    const level = outcome.status === 'failed' ? 'error' : outcome.status === 'unknown' ? 'warn' : 'info'
    report({ type: 'log', level, message: `${check.name}: ${outcome.status}${outcome.reason === null ? '' : ` (${outcome.reason})`}` })
  }
  const elapsedMs = performance.now() - started
  const has = (status: FunctionOutcome['status']) => outcomes.some((outcome) => outcome.status === status)
  const status = has('failed') ? 'failed' : has('unknown') || outcomes.length === 0 ? 'unknown' : 'passed'
  report({ type: 'phase', phase: 'functions', status: status === 'failed' ? 'failed' : 'succeeded', elapsedMs })
  return { ...database, status, startedAt: startedAt.toISOString(), elapsedMs, outcomes }
}

async function tryOne({ name, run }: FunctionCheck, signal: AbortSignal): Promise<FunctionOutcome> {
  const started = performance.now()
  const outcome = (status: FunctionOutcome['status'], seen: number, why: FunctionCause | null): FunctionOutcome => ({
    name,
    status,
    seen,
    reason: why?.message ?? null,
    cause: why && { code: why.code, params: why.params },
    elapsedMs: performance.now() - started,
  })
  try {
    const seen = await run(signal)
    return 'unknown' in seen ? outcome('unknown', 0, seen.unknown) : outcome('passed', seen.seen, null)
  } catch (error) {
    if (signal.aborted) throw cancelledError(signal)
    if (error instanceof FunctionFailure) return outcome('failed', 0, error.why)
    const { code, message } = reportError(error)
    const cause = { code: 'error', params: { error: code } }
    // While the app is read-only nothing can be tried; that says nothing of the function.
    if (error instanceof AppError && code === 'APP_READ_ONLY') return outcome('unknown', 0, { ...cause, message })
    // Prisma's messages are many lines with code excerpts; the last line says what happened.
    return outcome('failed', 0, { ...cause, message: message.trim().split('\n').at(-1)?.slice(0, 300) ?? code })
  }
}
