import type { ActiveState } from '@/lib/control/active-state'
import type { FollowStatus } from '@/lib/control/follow-status'
import type { StopReason, SwitchPlan, SwitchWait } from '@/lib/control/switch-choice'
import type { ErrorCode } from '@/lib/core/errors'
import type { JobStatus } from './job'

/** What is known when a worker looks at a planned switch. */
export interface SwitchSituation {
  readonly plan: SwitchPlan
  readonly state: ActiveState
  /** The job that makes the copy. */
  readonly migration: JobStatus | null
  /** As the follower last said, of this copy. */
  readonly follow: Pick<FollowStatus, 'at' | 'status' | 'lag'> | null
  /** The last cut-over that the plan started. */
  readonly attempt: {
    readonly status: JobStatus
    readonly finishedAt: Date | null
    readonly error: { readonly code: ErrorCode; readonly retryable: boolean } | null
  } | null
  readonly now: Date
}

export type SwitchDecision =
  | { readonly do: 'wait'; readonly for: SwitchWait }
  | { readonly do: 'switch' }
  /** Held from now on, and said so. */
  | { readonly do: 'stop'; readonly reason: StopReason }
  /** There is nothing to be decided: it was chosen so, it was made, or the copy was given up by a person. */
  | { readonly do: 'nothing' }
  /** The app is on PostgreSQL, or the copy was given up: the plan is over. */
  | { readonly do: 'forget' }

/** So often it is tried; each attempt tries for some seconds by itself. */
export const mostSwitchAttempts = 5
/** Between attempts, doubled after each. */
const firstPauseMs = 30_000
/** What the follower said longer ago says nothing of now: it speaks once a second. */
const freshMs = 10_000
/** A copy that is further behind would have to catch up in the freeze. */
const mostSecondsBehind = 10

/**
 * Whether a planned switch is to be made now. Pure: the same for every worker that looks, whenever it looks.
 *
 *   held ─> nothing          when ready ─> as soon as it follows          at ─> from then on as soon as it follows, until the window ends
 *
 * What is not ready is waited for. Past the end of the window nothing is begun: who planned a switch for the night would not
 * have it in the morning, when a worker comes back.
 */
export function decideSwitch({ plan, state, migration, follow, attempt, now }: SwitchSituation): SwitchDecision {
  const { when } = plan
  if (isOver(plan, state)) return { do: 'forget' }
  if (plan.stopped !== null || when.kind === 'held') return { do: 'nothing' }
  const endsAt = when.kind === 'at' ? Date.parse(when.at) + when.windowMinutes * 60_000 : Number.POSITIVE_INFINITY
  const isPast = now.getTime() > endsAt
  const readiness = readinessOf(plan, state, migration, follow, now)
  if (readiness === 'gone') return { do: 'forget' }
  if (readiness === 'failed') return { do: 'stop', reason: 'no-copy' }
  if (attempt !== null && (attempt.status === 'queued' || attempt.status === 'running')) return { do: 'wait', for: 'job' }
  if (attempt?.status === 'cancelled') return { do: 'stop', reason: 'failed' }
  // A worker that died in it is no reason against it: recovery has put everything back.
  if (attempt?.status === 'failed' && attempt.error?.retryable === false) return { do: 'stop', reason: 'failed' }
  if (isPast) return { do: 'stop', reason: lateReason(plan, readiness) }
  if (when.kind === 'at' && now.getTime() < Date.parse(when.at)) return { do: 'wait', for: 'time' }
  if (plan.attempts.length >= mostSwitchAttempts) return { do: 'stop', reason: 'tried-often' }
  if (readiness !== 'ready') return { do: 'wait', for: readiness }
  const pauseMs = firstPauseMs * 2 ** Math.max(0, plan.attempts.length - 1)
  const endedAt = attempt?.finishedAt?.getTime()
  if (endedAt !== undefined && now.getTime() < endedAt + pauseMs && now.getTime() >= endedAt) return { do: 'wait', for: 'pause' }
  return { do: 'switch' }
}

/** The app runs on this very copy, or on another database altogether. */
function isOver(plan: SwitchPlan, state: ActiveState): boolean {
  if (state.status === 'on-postgresql') return true
  return (state.status === 'migrating' || state.status === 'ready-to-switch') && state.jobId !== plan.jobId
}

type Readiness = 'ready' | 'copy' | 'following' | 'failed' | 'gone'

function readinessOf(
  { jobId }: SwitchPlan,
  state: ActiveState,
  migration: JobStatus | null,
  follow: SwitchSituation['follow'],
  now: Date,
): Readiness {
  if (state.status === 'migrating') return 'copy'
  if (state.status !== 'ready-to-switch') {
    // On SQLite: before the migration has begun, or after it has ended without a copy.
    if (migration === 'queued' || migration === 'running') return 'copy'
    if (migration === 'failed') return 'failed'
    return 'gone'
  }
  if (state.jobId !== jobId || state.mode !== 'live') return 'gone'
  if (follow === null || follow.status !== 'following' || follow.lag === null) return 'following'
  const ageMs = now.getTime() - Date.parse(follow.at)
  return ageMs <= freshMs && follow.lag.secondsBehind <= mostSecondsBehind ? 'ready' : 'following'
}

function lateReason(plan: SwitchPlan, readiness: Exclude<Readiness, 'failed' | 'gone'>): StopReason {
  if (plan.attempts.length > 0) return 'tried-often'
  // Nobody looked between the time and the end: what was waited for is still what it was before.
  if (plan.waitsFor === null || plan.waitsFor === 'time') return 'worker-away'
  if (readiness === 'copy') return 'not-ready'
  return plan.waitsFor === 'job' ? 'busy' : 'not-following'
}
