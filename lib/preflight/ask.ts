import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import { AppError, reportError } from '@/lib/core/errors'
import { type CheckCode, checkCatalogue, type OutcomeOf } from './check-catalogue'
import type { PreflightCheck, Verdict } from './preflight-result'

type Details = Partial<Pick<PreflightCheck, 'where' | 'params' | 'count' | 'examples' | 'remedy' | 'error'>>

/** A question to the world, with everything that it answers at once. */
export interface Question {
  readonly codes: readonly CheckCode[]
  readonly timeoutMs: number
  readonly ask: (signal: AbortSignal) => Promise<readonly PreflightCheck[]>
}

/** A check that was made: its status follows from its outcome. */
export function judged<C extends CheckCode>(code: C, outcome: OutcomeOf<C>, details: Details = {}): PreflightCheck {
  const entry: { readonly group: PreflightCheck['group']; readonly outcomes: Readonly<Record<string, PreflightCheck['status']>> } =
    checkCatalogue[code]
  return check(code, outcome, entry.outcomes[outcome] ?? 'unknown', details)
}

/** A check that could not be made, and why. */
export function unasked(code: CheckCode, reason: unknown, details: Details = {}): PreflightCheck {
  return check(code, 'unasked', 'unknown', { ...details, error: errorOf(reason) })
}

/** An error as a check carries it. */
export function errorOf(error: unknown): NonNullable<PreflightCheck['error']> {
  const { code, message, hint } = reportError(error)
  // The general hint of an unexpected error would send people to a log that says no more than the message here.
  return { code, message, hint: error instanceof AppError ? (hint ?? null) : null }
}

/**
 * Asks, and waits no longer than its time-out. What fails or takes too long fails alone: its checks are unknown.
 *
 * @throws AppError CANCELLED only when `signal` fires
 */
export async function put(question: Question, signal: AbortSignal): Promise<readonly PreflightCheck[]> {
  throwIfAborted(signal)
  const patience = AbortSignal.timeout(question.timeoutMs)
  const both = AbortSignal.any([signal, patience])
  try {
    const answers = await Promise.race([question.ask(both), rejectedBy(both)])
    const answered = new Set(answers.map(({ code }) => code))
    const missing = question.codes.filter((code) => !answered.has(code))
    return [...answers, ...missing.map((code) => unasked(code, new AppError({ code: 'INTERNAL', message: 'The check gave no answer.' })))]
  } catch (error) {
    if (signal.aborted) throw cancelledError(signal)
    const reason = patience.aborted ? tookTooLong(question.timeoutMs) : error
    return question.codes.map((code) => unasked(code, reason))
  }
}

/**
 * not-ready as soon as one check failed; unknown when one of those that matter could not be asked; with warnings when
 * anything else is not passed; ready only when all is.
 */
export function decideVerdict(checks: readonly Pick<PreflightCheck, 'code' | 'status'>[]): Verdict {
  if (checks.some(({ status }) => status === 'failed')) return 'not-ready'
  if (checks.some(({ code, status }) => status === 'unknown' && checkCatalogue[code].essential)) return 'unknown'
  return checks.every(({ status }) => status === 'passed') ? 'ready' : 'ready-with-warnings'
}

function check(code: CheckCode, outcome: string, status: PreflightCheck['status'], details: Details): PreflightCheck {
  const { group } = checkCatalogue[code]
  return { code, group, status, outcome, where: null, params: {}, count: null, examples: [], remedy: null, error: null, ...details }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

function tookTooLong(timeoutMs: number): AppError {
  return new AppError({
    code: 'INTERNAL',
    message: `No answer within ${Math.round(timeoutMs / 1000)} seconds.`,
    hint: 'Run the preflight again; if it stays so, look at the load of this machine and of the server.',
    retryable: true,
  })
}
