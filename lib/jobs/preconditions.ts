import { type ActiveState, isLive } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import type { JobKind } from './job'

/** The states in which each kind of job makes sense. */
const allowedStates = {
  migrate: ['on-sqlite'],
  preflight: ['on-sqlite'],
  verify: ['ready-to-switch', 'on-postgresql'],
  // Once the app runs on the target, a row copied again could overwrite a newer one.
  recopy: ['ready-to-switch'],
  functions: ['on-sqlite', 'on-postgresql'],
  cutover: ['ready-to-switch'],
  discard: ['ready-to-switch'],
  rollback: ['on-postgresql'],
  restore: ['on-sqlite', 'on-postgresql'],
  backup: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
  maintain: ['on-sqlite', 'on-postgresql'],
  trial: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
  copy: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
  import: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
} as const satisfies Record<JobKind, readonly ActiveState['status'][]>

/** Kinds that compare or correct a copy, which stands still only while its source does. */
const needsStillness: ReadonlySet<JobKind> = new Set(['verify', 'recopy'])

type StateFor<K extends JobKind> = Extract<ActiveState, { status: (typeof allowedStates)[K][number] }>

const reasons: Record<ActiveState['status'], string> = {
  'on-sqlite': 'The app runs on SQLite, and there is no finished copy on PostgreSQL.',
  migrating: 'A migration is under way.',
  'ready-to-switch': 'A finished copy on PostgreSQL waits for the switch.',
  'on-postgresql': 'The app runs on PostgreSQL already.',
}

const hints: Record<ActiveState['status'], string> = {
  'on-sqlite': 'Migrate to PostgreSQL first.',
  migrating: 'Wait until it has ended, or cancel it.',
  'ready-to-switch': 'Switch the app to it, or discard it and start anew.',
  'on-postgresql': 'Switch back to SQLite first, if that is what you want.',
}

/** The state, known to be one in which a job of this kind may start. @throws AppError STATE_CONFLICT saying why not, and what to do */
export function requireStateFor<K extends JobKind>(kind: K, state: ActiveState): StateFor<K> {
  const allowed: readonly string[] = allowedStates[kind]
  if (needsStillness.has(kind) && isLive(state)) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: `start a ${kind} job`,
      subject: state.status,
      message: 'The copy follows an app that goes on writing: the two sides are never the same at one moment.',
      hint: 'Every row was compared when the copy was finished, and each change is compared as it is applied. Compare the whole again after the switch.',
    })
  }
  // Checked by the very list that the type is made from.
  if (allowed.includes(state.status)) return state as StateFor<K>
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: `start a ${kind} job`,
    subject: state.status,
    message: reasons[state.status],
    hint: hints[state.status],
  })
}
