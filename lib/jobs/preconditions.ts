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
  forward: ['on-sqlite'],
  forget: ['on-sqlite'],
  finish: ['on-postgresql'],
  restore: ['on-sqlite', 'on-postgresql'],
  backup: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
  maintain: ['on-sqlite', 'on-postgresql'],
  trial: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
  copy: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
  import: ['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql'],
} as const satisfies Record<JobKind, readonly ActiveState['status'][]>

/** Kinds that compare or correct a copy, which stands still only while its source does. */
const needsStillness: ReadonlySet<JobKind> = new Set(['verify', 'recopy'])

/** Kinds that have to do with the SQLite file that the app came from. */
const needsWayBack: ReadonlySet<JobKind> = new Set(['verify', 'rollback', 'finish'])
/** Kinds that have to do with the copy that the app was switched back from. */
const needsFormer: ReadonlySet<JobKind> = new Set(['forward', 'forget'])

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
    throw conflict(
      kind,
      state.status,
      'The copy follows an app that goes on writing: the two sides are never the same at one moment.',
      'Every row was compared when the copy was finished, and each change is compared as it is applied. Compare the whole again after the switch.',
    )
  }
  if (state.status === 'on-postgresql' && needsWayBack.has(kind)) {
    if (state.finished) throw finished(kind, state.finished.at)
    if (state.jobId === null) throw neverSwitched(kind)
  }
  if (state.status === 'on-sqlite' && needsFormer.has(kind)) {
    if (!state.former) throw noFormer(kind)
    if (kind === 'forward' && (state.former.how === 'emergency' || state.former.log === null))
      throw notForward(state.former.how === 'emergency')
  }
  // Checked by the very list that the type is made from.
  if (allowed.includes(state.status)) return state as StateFor<K>
  throw conflict(kind, state.status, reasons[state.status], hints[state.status])
}

/** Says why a job may not start now, and what to do. */
function conflict(kind: JobKind, subject: string, message: string, hint: string): AppError {
  return new AppError({ code: 'STATE_CONFLICT', operation: `start a ${kind} job`, subject, message, hint })
}

function finished(kind: JobKind, at: string): AppError {
  return conflict(
    kind,
    'finished',
    `PostgreSQL was chosen to be kept at ${at}: nothing was noted for a way back since.`,
    'To go back, restore a backup of before the switch, or the archived SQLite file.',
  )
}

function neverSwitched(kind: JobKind): AppError {
  return conflict(
    kind,
    'on-postgresql',
    'The app was not switched to this PostgreSQL database by a migration.',
    'There is no SQLite file to go back to.',
  )
}

function noFormer(kind: JobKind): AppError {
  return conflict(kind, 'on-sqlite', 'There is no copy on PostgreSQL that the app was switched back from.', 'Migrate to PostgreSQL.')
}

function notForward(isEmergency: boolean): AppError {
  return conflict(
    'forward',
    isEmergency ? 'emergency' : 'log-gone',
    isEmergency
      ? 'The app left PostgreSQL in an emergency: that database has rows that SQLite does not have.'
      : 'What the app wrote to SQLite since it came back was not noted.',
    'Migrate again: the earlier copy is set aside, and everything is copied.',
  )
}
