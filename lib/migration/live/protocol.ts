/**
 * Who may write when, in both directions. The code that switches runs these steps in this order, recovery does what
 * `decideRecovery` says, and `protocol.test.ts` walks through every interleaving of both with crashes and cuts between any
 * two steps: nowhere do both databases take writes, and nowhere is a write lost that was acknowledged.
 *
 *   to PostgreSQL   wake ─> drain ─> record ─> moved ─> flip        `record` alone decides
 *   back to SQLite  fence ─> ended ─> carry ─> returning ─> flip back ─> lower   `flip back` alone decides
 *
 * A step either happened or it did not; only of `record` and `fence`, which are commits sent over a network, may the one who
 * asked for it not know. So nobody acts on what stands in PostgreSQL before holding the target's lock: it is had only when
 * the session that held it has ended, and with it every commit that was under way.
 */
export const cutOverSteps = ['wake', 'drain', 'record', 'moved', 'flip'] as const
export type CutOverStep = (typeof cutOverSteps)[number]

/** `fence` stops who comes; who was past it is waited for (`ended`), since PostgreSQL has many writers at a time, and SQLite one. */
export const goBackSteps = ['fence', 'ended', 'carry', 'returning', 'flip-back', 'lower'] as const
export type GoBackStep = (typeof goBackSteps)[number]

/**
 * The way back while PostgreSQL is gone: nothing of it can be fenced or carried. `flip-away` alone decides; what was written
 * on PostgreSQL stays behind, and the first thing done to it when it answers is to close it (`abandoned`), so that
 * nothing of the app is ever taken there again.
 *
 *   PostgreSQL does not answer ─> returning ─> flip-away ─> (a moment, in which every process learns of it) ─> lower-away
 */
export const emergencySteps = ['returning', 'flip-away', 'lower-away'] as const
export type EmergencyStep = (typeof emergencySteps)[number]

/** What recovery finds, under the lease and, where it looks at PostgreSQL, under the target's lock. */
export interface Found {
  /** `undecided`: a copy stands or is made, and the app is on SQLite until the record says otherwise. */
  readonly state: 'on-sqlite' | 'undecided' | 'on-postgresql'
  /** What the fence of the SQLite file says; null when none stands. */
  readonly stage: 'moving' | 'moved' | 'returning' | null
  /** `none`: the copy's own record does not say that the app was ever switched to it. */
  /** abandoned: closed after the app had left it in an emergency; finished: what was kept for a way back is gone. */
  readonly mark: 'none' | 'switched' | 'rolled-back' | 'abandoned' | 'finished' | 'unreachable'
}

/**
 *   stay            all is as the state says
 *   lower           the SQLite file takes writes
 *   undo            the switch did not happen: the fence as it was before it
 *   finish          the switch happened: fence "moved", then the state says so
 *   close           the fence of the SQLite file says "moved" again
 *   resume          the way back did not happen: PostgreSQL takes writes again
 *   wait            PostgreSQL decides and cannot be asked: nothing is changed, and nobody writes meanwhile
 *   finalise        the way back was given up: the state says so too
 *   refuse          the databases and the state contradict each other: a person has to look
 */
export type RecoveryStep = 'stay' | 'lower' | 'undo' | 'finish' | 'close' | 'resume' | 'finalise' | 'wait' | 'refuse'

/** What is to be done after a crash at any point. Pure; doing it twice is doing it once. */
export function decideRecovery({ state, stage, mark }: Found): RecoveryStep {
  switch (state) {
    case 'on-sqlite':
      // The flip to SQLite comes after "returning": a file that says "moved" was never gone back to.
      return stage === 'moved' ? 'refuse' : stage === null ? 'stay' : 'lower'
    case 'undecided':
      if (mark === 'unreachable') return 'wait'
      // Left in an emergency by a record of the state that is lost: two databases would have gone on.
      if (mark === 'abandoned') return 'refuse'
      return mark === 'switched' ? 'finish' : 'undo'
    case 'on-postgresql':
      if (mark === 'unreachable') return 'wait'
      if (mark === 'abandoned') return 'refuse'
      if (mark === 'finished') return 'finalise'
      if (mark === 'rolled-back') return 'resume'
      return stage === 'moved' ? 'stay' : 'close'
  }
}
