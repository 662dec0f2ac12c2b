import { AppError } from '@/lib/core/errors'
import { type ActiveState, activeStateSchema } from './active-state'
import { appendAudit } from './audit'
import { type ControlStore, type ControlTransaction, isUniqueViolation } from './control-store'

/** The recorded state with its version: the number that the next transition must name. */
export interface ActiveDatabase {
  /** 0 while nothing was ever recorded. */
  readonly version: number
  readonly state: ActiveState
  readonly changedAt: Date | null
  readonly changedBy: string | null
}

export interface Transition {
  /** Version that the decision was made on; any other is a conflict. */
  readonly from: number
  readonly to: ActiveState
  /** E-mail address of a person, or the process that did it. */
  readonly actor: string
}

const rowId = 1

/** Which database the app uses, as recorded; on-sqlite at version 0 while nothing was. */
export async function readActiveDatabase(store: ControlStore): Promise<ActiveDatabase> {
  const row = await store.read.activeDatabase.findUnique({ where: { id: rowId } })
  if (!row) return { version: 0, state: { status: 'on-sqlite' }, changedAt: null, changedBy: null }
  return { version: row.version, state: activeStateSchema.parse(JSON.parse(row.state)), changedAt: row.changedAt, changedBy: row.changedBy }
}

const knownStates = new WeakMap<ControlStore, { readonly version: number; readonly state: ActiveState }>()

/** The state alone, for whoever asks often: the same object as long as nothing has changed. */
export function readActiveState(store: ControlStore): ActiveState {
  const row = store.readStateRow()
  if (!row) return { status: 'on-sqlite' }
  const known = knownStates.get(store)
  if (known?.version === row.version) return known.state
  const state = activeStateSchema.parse(JSON.parse(row.state))
  knownStates.set(store, { version: row.version, state })
  return state
}

/**
 * Records the state that a fresh installation starts in, when none is recorded yet; repeating it changes nothing.
 * A recorded state always wins over DATABASE_URL: the environment only says where the app once began.
 */
export async function initialiseActiveDatabase(store: ControlStore, initial: ActiveState, actor: string): Promise<ActiveDatabase> {
  const known = await readActiveDatabase(store)
  if (known.version > 0) return known
  try {
    return await transitionActiveDatabase(store, { from: 0, to: initial, actor })
  } catch (error) {
    if (error instanceof AppError && error.code === 'STATE_CONFLICT') return readActiveDatabase(store)
    throw error
  }
}

/**
 * Changes the state by compare and set on its version, with its audit entry in the same transaction.
 *
 * @throws AppError STATE_CONFLICT when the recorded version is another by now; nothing was changed
 */
export async function transitionActiveDatabase(store: ControlStore, transition: Transition): Promise<ActiveDatabase> {
  const state = activeStateSchema.parse(transition.to)
  const changedAt = store.clock.now()
  const next = { version: transition.from + 1, state: JSON.stringify(state), changedAt, changedBy: transition.actor }
  await store.write(async (transaction) => {
    if (transition.from === 0) await insertFirst(transaction, next)
    else {
      const { count } = await transaction.activeDatabase.updateMany({ where: { id: rowId, version: transition.from }, data: next })
      if (count !== 1) throw stateConflict()
    }
    const jobId = 'jobId' in state ? state.jobId : null
    const target = 'target' in state ? state.target.label : null
    const detail = { version: next.version, jobId, target }
    await appendAudit(transaction, changedAt, { actor: transition.actor, action: 'state.changed', subject: state.status, detail })
  })
  return { version: next.version, state, changedAt, changedBy: transition.actor }
}

async function insertFirst(
  transaction: ControlTransaction,
  data: { version: number; state: string; changedAt: Date; changedBy: string },
): Promise<void> {
  try {
    await transaction.activeDatabase.create({ data: { id: rowId, ...data } })
  } catch (error) {
    throw isUniqueViolation(error) ? stateConflict() : error
  }
}

function stateConflict(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'change the active database',
    message: 'The state of the app changed in the meantime.',
    hint: 'Look at the present state and decide again.',
  })
}
