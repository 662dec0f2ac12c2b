import { describe, expect, it } from 'vitest'
import {
  type CutOverStep,
  cutOverSteps,
  decideRecovery,
  type EmergencyStep,
  emergencySteps,
  type GoBackStep,
  goBackSteps,
  type RecoveryStep,
} from './protocol'

/**
 * A model of two databases, the control store, one worker that switches to and fro, its successors that recover, and an app
 * whose processes may believe a state that is no longer true. Everything that can happen next is tried from every state.
 */
interface World {
  /** The control store. */
  readonly state: 'on-sqlite' | 'undecided' | 'on-postgresql'
  readonly stage: 'moving' | 'moved' | 'returning' | null
  /** Whether the fence of the SQLite file refuses writes. */
  readonly awake: boolean
  readonly mark: 'none' | 'switched' | 'rolled-back' | 'abandoned'
  readonly isPostgresFenced: boolean
  readonly isPostgresReachable: boolean
  /** A commit on its way: it may arrive at any time until its session has ended. */
  readonly underWay: 'record' | 'fence' | null
  readonly worker: Worker
  /** Writes acknowledged to somebody, by number; what each database holds. */
  readonly written: number
  readonly sqlite: number
  readonly postgres: number
  /** What a process of the app that has not looked again still believes. */
  readonly belief: 'sqlite' | 'postgresql'
  /** Whether a transaction of the app is past PostgreSQL's guards and has not ended: fenced or not, it may still commit. */
  readonly isInside: boolean
  /** Set by an emergency: writes that stay behind on PostgreSQL, and are said to. Null before. */
  readonly left: number | null
}

type Worker =
  | { readonly at: 'idle' }
  | { readonly at: 'over' | 'back' | 'away'; readonly step: number }
  /** Killed; what the databases are in is for its successor to find out. */
  | { readonly at: 'dead' }
  /** Has looked, under the lock, and does what was decided in `part` parts. */
  | { readonly at: 'recovering'; readonly decision: RecoveryStep; readonly part: number }

interface Protocol {
  readonly over: readonly CutOverStep[]
  readonly back: readonly GoBackStep[]
  readonly away: readonly (EmergencyStep | 'settle')[]
  readonly decide: typeof decideRecovery
  /** Whether recovery waits for the target's lock, and so for the end of a commit under way. */
  readonly hasLock: boolean
}

/** Between the flip and the end an emergency waits until every process must have looked at the state again. */
const away = emergencySteps.flatMap((step) => (step === 'lower-away' ? (['settle', step] as const) : [step]))
const real: Protocol = { over: cutOverSteps, back: goBackSteps, away, decide: decideRecovery, hasLock: true }

/** A copy that stands, caught up but for one write; the fence of the file is installed and sleeps. */
const start: World = {
  state: 'undecided',
  stage: 'moving',
  awake: false,
  mark: 'none',
  isPostgresFenced: false,
  isPostgresReachable: true,
  underWay: null,
  worker: { at: 'idle' },
  written: 1,
  sqlite: 1,
  postgres: 0,
  belief: 'sqlite',
  isInside: false,
  left: null,
}

/** More writes bring nothing new: each is one that the other side may lack. */
const mostWrites = 4

function next(world: World, protocol: Protocol): World[] {
  return [...appWrites(world), ...accidents(world), ...workerMoves(world, protocol)]
}

function isSqliteOpen({ awake }: World): boolean {
  return !awake
}

/** Before the record nobody of the app is sent there, and after it until the fence, or an emergency that all have heard of, anybody may be. */
function isPostgresOpen({ mark, isPostgresFenced, left, belief }: World): boolean {
  return mark === 'switched' && !isPostgresFenced && (left === null || belief === 'postgresql')
}

function appWrites(world: World): World[] {
  const truth = world.state === 'on-postgresql' ? 'postgresql' : 'sqlite'
  const looked: World[] = world.belief === truth ? [] : [{ ...world, belief: truth }]
  const entered: World[] = [...looked, ...insideMoves(world)]
  if (world.written >= mostWrites) return entered
  const written = world.written + 1
  if (world.belief === 'sqlite' && isSqliteOpen(world)) return [...entered, { ...world, written, sqlite: bit(world.sqlite, written) }]
  const isAnswered = world.isPostgresReachable && isPostgresOpen(world)
  // One of those that are past the guards at a time: each is as good as any other.
  if (world.belief === 'postgresql' && isAnswered && !world.isInside) return [...entered, { ...world, isInside: true }]
  return entered
}

/** A transaction that began before the guards were awake: it ends when it likes, one way or the other. */
function insideMoves(world: World): World[] {
  if (!world.isInside) return []
  const ended = { ...world, isInside: false }
  const written = world.written + 1
  // After an emergency's flip a process of the app looks once more before its commit.
  const mayCommit = world.isPostgresReachable && (world.left === null || world.belief === 'postgresql') && written <= mostWrites
  if (!mayCommit) return [ended]
  // In the moment after an emergency's flip: it is in PostgreSQL's change log, and among what is said to stay behind.
  const left = world.left === null ? null : bit(world.left, written)
  return [ended, { ...ended, written, left, postgres: bit(world.postgres, written) }]
}

/** Bit 0 is write 1. */
function bit(set: number, write: number): number {
  return set | (1 << (write - 1))
}

function accidents(world: World): World[] {
  const happens: World[] = [{ ...world, isPostgresReachable: !world.isPostgresReachable }]
  if (world.worker.at !== 'dead') happens.push({ ...world, worker: { at: 'dead' } })
  // A commit whose answer is awaited: it arrives, or is lost with its session.
  if (world.underWay !== null) happens.push(land(world), { ...world, underWay: null })
  return happens
}

function land(world: World): World {
  if (world.underWay === 'record') return { ...world, underWay: null, mark: 'switched', isPostgresFenced: false }
  return { ...world, underWay: null, mark: 'rolled-back', isPostgresFenced: true }
}

function workerMoves(world: World, protocol: Protocol): World[] {
  const { worker } = world
  // The administrator's word, while PostgreSQL does not answer; also to a worker that waits to recover.
  const isGone = world.state !== 'on-sqlite' && !world.isPostgresReachable
  const emergency: World[] = isGone ? [{ ...world, worker: { at: 'away', step: 0 } }] : []
  switch (worker.at) {
    case 'idle':
      if (world.state === 'undecided') return [{ ...world, worker: { at: 'over', step: 0 } }, ...emergency]
      if (world.state === 'on-postgresql') return [{ ...world, worker: { at: 'back', step: 0 } }, ...emergency]
      return abandon(world)
    case 'dead':
      return [...recoveries(world, protocol), ...emergency]
    case 'away':
      return awayStep(world, protocol.away, worker.step)
    case 'recovering':
      return recover(world, worker.decision, worker.part)
    case 'over':
      return [...overStep(world, protocol.over, worker.step), ...giveUpOver(world, protocol.over, worker.step)]
    case 'back':
      return [...backStep(world, protocol.back, worker.step), ...giveUpBack(world, protocol.back, worker.step)]
  }
}

function overStep(world: World, order: readonly CutOverStep[], at: number): World[] {
  const step = order[at]
  const on = (change: Partial<World>): World[] => [{ ...world, ...change, worker: { at: 'over', step: at + 1 } }]
  if (step === undefined) return [{ ...world, worker: { at: 'idle' } }]
  switch (step) {
    case 'wake':
      return on({ awake: true })
    case 'drain':
      return world.isPostgresReachable ? on({ postgres: world.sqlite }) : []
    case 'record':
      return commit(world, 'record', 'over', at)
    case 'moved':
      return on({ stage: 'moved' })
    case 'flip':
      return on({ state: 'on-postgresql' })
  }
}

/** Past the limit, as long as the record was not asked for: the guards sleep again. */
function giveUpOver(world: World, order: readonly CutOverStep[], at: number): World[] {
  const isAsked = order.slice(0, at).includes('record')
  return isAsked || at === 0 ? [] : [{ ...world, awake: false, stage: 'moving', worker: { at: 'idle' } }]
}

/** Past the limit, as long as SQLite's fence does not say "returning": as recovery would, and in the same order. */
function giveUpBack(world: World, order: readonly GoBackStep[], at: number): World[] {
  const done = order.slice(0, at)
  if (!done.includes('fence') || done.includes('returning') || done.includes('flip-back')) return []
  return [{ ...world, worker: { at: 'recovering', decision: 'resume', part: 0 } }]
}

function backStep(world: World, order: readonly GoBackStep[], at: number): World[] {
  const step = order[at]
  const on = (change: Partial<World>): World[] => [{ ...world, ...change, worker: { at: 'back', step: at + 1 } }]
  if (step === undefined) return [{ ...world, worker: { at: 'idle' } }]
  switch (step) {
    case 'fence':
      return commit(world, 'fence', 'back', at)
    case 'ended':
      return world.isInside || !world.isPostgresReachable ? [] : on({})
    case 'carry':
      return world.isPostgresReachable ? on({ sqlite: world.postgres }) : []
    case 'returning':
      return on({ stage: 'returning' })
    case 'flip-back':
      return on({ state: 'on-sqlite' })
    case 'lower':
      return on({ awake: false, stage: null })
  }
}

function awayStep(world: World, order: Protocol['away'], at: number): World[] {
  const step = order[at]
  const on = (change: Partial<World>): World[] => [{ ...world, ...change, worker: { at: 'away', step: at + 1 } }]
  if (step === undefined) return [{ ...world, worker: { at: 'idle' } }]
  switch (step) {
    case 'returning':
      return on({ stage: 'returning' })
    case 'flip-away':
      return on({ state: 'on-sqlite', left: ((1 << world.written) - 1) & ~world.sqlite })
    case 'settle':
      return world.belief === 'sqlite' ? on({}) : []
    case 'lower-away':
      return on({ awake: false, stage: null })
  }
}

/**
 * The first thing that is done to a database that was left, once it answers; under its lock, so after any commit under way, and
 * after every transaction there: it locks the tables.
 */
function abandon(world: World): World[] {
  if (world.left === null || world.mark === 'abandoned' || !world.isPostgresReachable || world.underWay !== null || world.isInside)
    return []
  return [{ ...world, mark: 'abandoned', isPostgresFenced: true }]
}

/** The answer comes, or the connection is cut first: then the worker takes itself for dead, and recovers like its successor. */
function commit(world: World, what: 'record' | 'fence', at: 'over' | 'back', step: number): World[] {
  if (!world.isPostgresReachable) return []
  const answered = { ...land({ ...world, underWay: what }), worker: { at, step: step + 1 } } as World
  return [answered, { ...world, underWay: what, worker: { at: 'dead' } }]
}

function recoveries(world: World, protocol: Protocol): World[] {
  const looked = (seen: World): World => {
    const mark = seen.isPostgresReachable ? seen.mark : 'unreachable'
    const decision = protocol.decide({ state: seen.state, stage: seen.stage, mark })
    return { ...seen, worker: { at: 'recovering', decision, part: 0 } }
  }
  // The state alone decides on SQLite's side; elsewhere PostgreSQL is asked, and the lock is had only after the old session's end.
  const needsMark = world.state !== 'on-sqlite' && world.isPostgresReachable
  if (!protocol.hasLock || !needsMark || world.underWay === null) return [looked(world)]
  return [looked(land(world)), looked({ ...world, underWay: null })]
}

function recover(world: World, decision: RecoveryStep, part: number): World[] {
  const idle = (change: Partial<World>): World[] => [{ ...world, ...change, worker: { at: 'idle' } }]
  const goOn = (change: Partial<World>): World[] => [{ ...world, ...change, worker: { at: 'recovering', decision, part: part + 1 } }]
  switch (decision) {
    case 'stay':
    case 'refuse':
    case 'finalise':
      return idle({})
    case 'wait':
      return [{ ...world, worker: { at: 'dead' } }]
    case 'lower':
      // After an emergency recovery waits that moment too.
      return world.left !== null && world.belief === 'postgresql' ? [] : idle({ awake: false, stage: null })
    case 'undo':
      return idle({ awake: false, stage: 'moving' })
    case 'close':
      return idle({ awake: true, stage: 'moved' })
    case 'finish':
      return part === 0 ? goOn({ awake: true, stage: 'moved' }) : idle({ state: 'on-postgresql' })
    case 'resume':
      if (part === 0) return goOn({ awake: true, stage: 'moved' })
      return world.isPostgresReachable ? idle({ mark: 'switched', isPostgresFenced: false }) : [{ ...world, worker: { at: 'dead' } }]
  }
}

interface Explored {
  readonly states: number
  /** The first state that must not be, with the way to it. */
  readonly wrong: { readonly because: string; readonly way: readonly World[] } | null
}

function explore(protocol: Protocol): Explored {
  const key = (world: World) => JSON.stringify(world)
  const from = new Map<string, { readonly world: World; readonly before: string | null }>([[key(start), { world: start, before: null }]])
  const arrivals = new Map<string, string[]>()
  const queue = [start]
  const wayTo = (end: string) => {
    const way: World[] = []
    for (let at: string | null = end; at !== null; at = from.get(at)?.before ?? null) {
      const world = from.get(at)?.world
      if (world) way.unshift(world)
    }
    return way
  }
  for (let world = queue.shift(); world; world = queue.shift()) {
    const here = key(world)
    const because = fault(world)
    if (because !== null) return { states: from.size, wrong: { because, way: wayTo(here) } }
    for (const one of next(world, protocol)) {
      const there = key(one)
      arrivals.set(there, [...(arrivals.get(there) ?? []), here])
      if (from.has(there)) continue
      from.set(there, { world: one, before: here })
      queue.push(one)
    }
  }
  // Walked backwards from where the app writes and nothing is under way: what is not met has no way on.
  const settled = [...from].filter(([, { world }]) => isSettled(world)).map(([name]) => name)
  const hasWayOn = new Set(settled)
  for (let name = settled.pop(); name !== undefined; name = settled.pop()) {
    for (const before of arrivals.get(name) ?? []) {
      if (hasWayOn.has(before)) continue
      hasWayOn.add(before)
      settled.push(before)
    }
  }
  const stuck = [...from.keys()].find((name) => !hasWayOn.has(name))
  return { states: from.size, wrong: stuck === undefined ? null : { because: 'no way on', way: wayTo(stuck) } }
}

function fault(world: World): string | null {
  if (isSqliteOpen(world) && isPostgresOpen(world)) return 'both take writes'
  const all = (1 << world.written) - 1
  if (isSqliteOpen(world) && (world.sqlite | (world.left ?? 0)) !== all) return 'a write is lost on SQLite'
  if (isPostgresOpen(world) && world.postgres !== all) return 'a write is lost on PostgreSQL'
  if (world.worker.at === 'idle' && !canWrite(world)) return 'nobody is at work, and the app cannot write'
  return null
}

function canWrite(world: World): boolean {
  return world.state === 'on-postgresql' ? isPostgresOpen(world) : isSqliteOpen(world)
}

function isSettled(world: World): boolean {
  return canWrite(world) && world.worker.at === 'idle' && world.underWay === null
}

describe('the protocol of the switch', () => {
  it('never lets both databases write, never loses an acknowledged write, and always has a way on', () => {
    const { states, wrong } = explore(real)
    expect(wrong).toBeNull()
    // Every step of both directions was reached, with crashes and cuts in between.
    expect(states).toBeGreaterThan(2_000)
    console.info(`${states} states explored`)
  })

  const moved = <T>(steps: readonly T[], step: T, before: T): T[] => {
    const rest = steps.filter((one) => one !== step)
    return rest.toSpliced(rest.indexOf(before), 0, step)
  }
  it.each<[string, Partial<Protocol>]>([
    ['the flip comes before the record', { over: moved(cutOverSteps, 'flip', 'record') }],
    ['the record comes before the last changes are there', { over: moved(cutOverSteps, 'record', 'drain') }],
    ['the last changes are read before the guards are awake', { over: moved(cutOverSteps, 'drain', 'wake') }],
    ['the record comes before the guards are awake', { over: moved(cutOverSteps, 'record', 'wake') }],
    ['SQLite is lowered before the flip back', { back: moved(goBackSteps, 'lower', 'flip-back') }],
    ['the last changes are carried before PostgreSQL is fenced', { back: moved(goBackSteps, 'carry', 'fence') }],
    ['the last changes are carried while a writer is still past the guards', { back: goBackSteps.filter((step) => step !== 'ended') }],
    ['writers are waited for before PostgreSQL is fenced', { back: moved(goBackSteps, 'ended', 'fence') }],
    ['SQLite is lowered before PostgreSQL is fenced', { back: moved(goBackSteps, 'lower', 'fence') }],
    ['the fence says "moved" while the state is flipped back', { back: goBackSteps.filter((step) => step !== 'returning') }],
    ['SQLite takes writes before an emergency is recorded', { away: moved(away, 'lower-away', 'flip-away') }],
    ['an emergency does not wait until everybody has heard of it', { away: emergencySteps }],
    ['recovery does not wait for a commit under way', { hasLock: false }],
    [
      'a target that cannot be asked counts as one without a record',
      { decide: (found) => decideRecovery({ ...found, mark: found.mark === 'unreachable' ? 'none' : found.mark }) },
    ],
    ['recovery never finishes a switch', { decide: (found) => (decideRecovery(found) === 'finish' ? 'undo' : decideRecovery(found)) }],
    ['recovery leaves PostgreSQL fenced', { decide: (found) => (decideRecovery(found) === 'resume' ? 'stay' : decideRecovery(found)) }],
    ['recovery goes on where it cannot ask', { decide: (found) => (decideRecovery(found) === 'wait' ? 'lower' : decideRecovery(found)) }],
  ])('is found wrong when %s', (_name, mutation) => {
    const { wrong } = explore({ ...real, ...mutation })
    expect(wrong).not.toBeNull()
  })
})
