import type pg from 'pg'
import { freezeLimit } from '@/lib/control/switch-choice'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError, reportError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import { type InPhase, inPhase } from '@/lib/core/in-phase'
import { pause } from '@/lib/core/pause'
import type { Report } from '@/lib/core/progress'
import { connectPostgres, destroy, toPostgresError } from '@/lib/postgres/connect'
import { type CopyMark, changeMark, readMark } from '@/lib/postgres/copy-mark'
import { type GuardedTables, installGuards, sleepGuards, untilWritersEnded, wakeGuards } from '@/lib/postgres/guards'
import { lockTarget } from '@/lib/postgres/target-lock'
import { targetLabel } from '@/lib/postgres/target-url'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { highestChange } from '@/lib/sqlite/change-log'
import { lowerFence, raiseFence, restageFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { isSound } from '@/lib/verification/verification-result'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { inTransaction } from './apply-schema'
import { findBrokenReferences } from './broken-references'
import { setFenceStage } from './cut-over'
import { fenceReasons } from './fence-reasons'
import { restartApplied } from './live/applied-number'
import { planCarry } from './live/carry-plan'
import { type CarrySides, carryRound } from './live/carry-round'
import { carrySequences } from './live/carry-sequences'
import { armForwardLog } from './live/forward-log'
import { mostSwitchAttempts, pauseAfter, switchTooSlow } from './live/freeze-limit'
import { type BackTry, backLateWords, backWordsOf, startBackLaps } from './live/go-back-try'
import type { GoBackStep } from './live/protocol'
import { rowWords } from './live/row-words'
import { type RollBackPhase, rollBackPhases } from './migration-result'
import { notSwitched } from './preview-roll-back'

export interface RollBackOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** How long writes may wait for the switch before it is given up and tried again, in milliseconds. Default: 800. */
  readonly freezeLimitMs?: number
  /** Called after each step of the protocol: for tests, which end the process there. */
  readonly onStep?: (step: GoBackStep) => void
}

/** Records that the app uses SQLite. `log`: which log notes what it writes there; null where none can. */
export type Flip = (log: string | null) => Promise<void>

export interface RollBackResult {
  /** Changes that were carried from PostgreSQL to SQLite: all there were. */
  readonly carried: number
  readonly rounds: number
  /** How long writes waited, in milliseconds. */
  readonly freezeMs: number
  /** How often the switch was tried; more than once when the limit had passed. */
  readonly attempts: number
  /** Every attempt in which writes waited, oldest first; the last one succeeded. */
  readonly tries: readonly BackTry[]
  /** What was seen on the way and did not stand in it: rows that refer to nothing. */
  readonly findings: readonly Finding[]
}

/** Shown in pg_stat_activity; a session that its process has left behind is found by it. */
export const rollBackSession = 'bascule rollback'

const inStep: InPhase<RollBackPhase> = inPhase

const fenceReason = 'the app is switched back to SQLite; this database takes no more writes'

/**
 * Switches the app back to the SQLite file, with everything that was written on PostgreSQL since the switch.
 *
 *   guards asleep on PostgreSQL's tables, carry in rounds, the app going on ─> prove ─> carry what came meanwhile ─>
 *   guards awake and the mark `rolled-back` in one transaction ─> writers that were past them have ended ─> last round ─> sequences ─>
 *   SQLite's fence says "returning" ─> flip ─> SQLite's fence down
 *
 * At no moment do both databases take writes. Before the flip any failure takes the fence on PostgreSQL down again and
 * the app stays there, and so does a switch that takes longer than the limit, which is then tried again; after the flip
 * `recoverDatabases` finishes what is missing. What was carried by then stays carried, behind the fence.
 *
 * From before the fence on PostgreSQL on a change log in the SQLite file notes what is written to it, and PostgreSQL is told up
 * to where the two are equal: so the way forward again need not copy everything (`bringForward`).
 *
 * @param flip records that the app uses SQLite, with the log that notes from here on (`armedSince`); called once
 * @throws AppError STATE_CONFLICT; CONTENT_DIFFERS when SQLite is not what PostgreSQL is; VALUE_REFUSED,
 *   STRUCTURE_UNSUPPORTED when it cannot be; TARGET_*, SOURCE_*, CANCELLED
 */
export async function rollBack(options: RollBackOptions, flip: Flip, report: Report, signal: AbortSignal): Promise<RollBackResult> {
  const client = await connectPostgres(options.targetUrl, { applicationName: rollBackSession })
  try {
    await lockTarget(client)
    const mark = await readMark(client)
    if (mark?.state !== 'switched') throw notSwitched()
    const db = openFenced(options.sourcePath)
    try {
      const sides = { db, client, plan: await planCarry(db, client, mark) }
      return await switchBack(options, sides, mark, flip, report, signal)
    } finally {
      db.close()
    }
  } catch (error) {
    throw toPostgresError(error, targetLabel(options.targetUrl))
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** PostgreSQL takes writes again, and SQLite's fence says so. Only while the app has not been switched back. */
export async function resumePostgres(client: pg.Client, mark: CopyMark, sourcePath: string | null): Promise<void> {
  if (sourcePath !== null) setFenceStage(sourcePath, 'moved')
  await openPostgres(client, mark)
}

async function openPostgres(client: pg.Client, mark: CopyMark): Promise<void> {
  await inTransaction(client, async () => {
    await sleepGuards(client)
    await changeMark(client, mark.jobId, ['rolled-back'], 'switched')
  })
}

/** The file that nobody else writes: its fence is renewed, and what is committed stays when the power fails. */
function openFenced(sourcePath: string): SqliteDatabase {
  const db = openSqlite(sourcePath)
  try {
    db.pragma('foreign_keys = OFF')
    db.pragma('synchronous = FULL')
    raiseFence(db, fenceReasons.moved, 'moved')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

async function switchBack(
  options: RollBackOptions,
  sides: CarrySides,
  mark: CopyMark,
  flip: Flip,
  report: Report,
  signal: AbortSignal,
): Promise<RollBackResult> {
  report({ type: 'plan', phases: [...rollBackPhases] })
  const done = { carried: 0, rounds: 0 }
  for (const table of sides.plan.stale) {
    const message = `${table} is not kept up to date: its triggers need something that only the program which made it brings along. Have that program build it anew.`
    report({ type: 'log', level: 'warn', message })
  }
  const guarded = { schema: mark.targetSchema, tables: sides.plan.targetTables }
  await inStep('carry', report, () => carryUntilQuick(sides, mostRounds, done, report, signal))
  const findings = await inStep('prove', report, async () => {
    await prove(options, signal)
    // While nobody waits; what the last rounds carry is not among them.
    const broken = await findBrokenReferences(options.sourcePath, readSqliteCatalogue(sides.db), sides.plan, report, signal)
    await carryUntilQuick(sides, mostRounds, done, report, signal)
    return broken
  })
  return inStep('switch', report, async () => {
    // Behind the fence, which only our own transactions pass: what they still carry is noted without need, and counted as known below.
    const log = armForwardLog(sides.db)
    const tries: BackTry[] = []
    const limitMs = options.freezeLimitMs ?? freezeLimit.usual
    for (let attempt = 1; attempt <= mostSwitchAttempts; attempt += 1) {
      throwIfAborted(signal)
      if (!(await prepareFreeze(sides.client, guarded, signal))) {
        const message = `Attempt ${attempt}: a transaction on PostgreSQL has been writing for more than ${writerPatienceMs / 1000} s; nothing was stopped for it, and it is waited for.`
        report({ type: 'log', level: 'warn', message })
        continue
      }
      // A server that does not answer any more: the session ends, and recovery, which waits for that, lets PostgreSQL take writes.
      const stalled = setTimeout(() => destroy(sides.client), Math.max(stallLimitMs, limitMs * 4))
      const freeze = { limitMs, guarded, done, log, onStep: options.onStep ?? (() => undefined) }
      const made = await freezeAndFlip(sides, mark, freeze, flip, report, signal).finally(() => clearTimeout(stalled))
      tries.push(made)
      if (made.lateIn === null) {
        const message = `The app is back on SQLite. Writes waited for ${Math.round(made.freezeMs)} ms (${backWordsOf(made)}).`
        report({ type: 'log', level: 'info', message })
        return { ...done, freezeMs: made.freezeMs, attempts: attempt, tries, findings }
      }
      const message = `Attempt ${attempt}: ${backLateWords[made.lateIn]} took the switch beyond ${limitMs} ms (${backWordsOf(made)}). It was given up, the app writes on, and it is tried again.`
      report({ type: 'log', level: 'warn', message })
      await pause(pauseAfter(attempt), signal)
      await carryUntilQuick(sides, roundsBetween, done, report, signal)
    }
    throw switchTooSlow('SQLite', limitMs)
  })
}

/** Guards asleep on every table, and nobody left who has been writing for long: they would be waited for in the freeze, by all. */
async function prepareFreeze(client: pg.Client, guarded: GuardedTables, signal: AbortSignal): Promise<boolean> {
  const stalled = setTimeout(() => destroy(client), preparationLimitMs)
  try {
    await installGuards(client, guarded, { signal })
    return await untilWritersEnded(client, guarded, writerPatienceMs, signal)
  } finally {
    clearTimeout(stalled)
  }
}

/** A server that has not answered by then is gone: each table is waited for half a minute at most, and nobody waits for us. */
const preparationLimitMs = 120_000
/** How long a transaction that writes is waited for while nobody else has to wait. */
const writerPatienceMs = 10_000
/** A server that only is slow ends its statement by then, and the attempt is given up in order. */
const stallLimitMs = 15_000
/** Two rounds in a row under this, and the last one can be expected to be as short. */
const quickMs = 200
/** On a machine or under a load where no round is quick the freeze has to do the rest; so before each further attempt. */
const mostRounds = 20
const roundsBetween = 3

async function carryUntilQuick(
  sides: CarrySides,
  most: number,
  done: { carried: number; rounds: number },
  report: Report,
  signal: AbortSignal,
): Promise<{ carried: number; rounds: number }> {
  let quick = 0
  for (let round = 0; quick < 2 && round < most; round += 1) {
    const { changes, elapsedMs } = await carryRound(sides, signal)
    done.carried += changes
    done.rounds += 1
    quick = elapsedMs < quickMs || changes === 0 ? quick + 1 : 0
    if (changes > 0) {
      const message = `${changes} change${changes === 1 ? '' : 's'} carried to SQLite and compared in ${Math.round(elapsedMs)} ms.`
      report({ type: 'log', level: 'info', message })
    }
  }
  return { ...done }
}

/** The whole databases, while the app goes on: what it writes meanwhile is told from faults by the change log. */
async function prove({ sourcePath, targetUrl }: RollBackOptions, signal: AbortSignal): Promise<void> {
  const result = await verifyDatabases({ sourcePath, targetUrl, withoutStale: true }, () => undefined, signal)
  const wrong = result.tables.find((table) => !isSound(table))
  if (!wrong) return
  const first = wrong.differences.find(({ because }) => because === undefined)
  throw new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'switch back to SQLite',
    subject: wrong.table,
    message: `The table ${wrong.table} is not the same on both sides, beyond what was written since the switch${first ? ` (first: ${rowWords(wrong.table, first.key)})` : ''}. The app stays on PostgreSQL.`,
    hint: 'Verify the databases to see the rows that differ, and correct them first.',
  })
}

interface Freeze {
  readonly limitMs: number
  readonly guarded: GuardedTables
  readonly done: { carried: number; rounds: number }
  readonly log: string | null
  readonly onStep: (step: GoBackStep) => void
}

/** One attempt: with `lateIn` the limit passed first, and PostgreSQL takes writes again. */
async function freezeAndFlip(
  sides: CarrySides,
  mark: CopyMark,
  { limitMs, guarded, done, log, onStep }: Freeze,
  flip: Flip,
  report: Report,
  signal: AbortSignal,
): Promise<BackTry> {
  const { db, client } = sides
  const watch = startBackLaps()
  const made = (lateIn: BackTry['lateIn']): BackTry => ({ limitMs, freezeMs: watch.elapsedMs(), ...watch.taken(), lateIn })
  const giveUp = async (lateIn: NonNullable<BackTry['lateIn']>) => {
    watch.lap(`${lateIn}Ms`)
    await resume(sides, mark)
    watch.lap('flipMs')
    return made(lateIn)
  }
  // When its answer is lost recovery reads what became of it.
  await inTransaction(client, async () => {
    await wakeGuards(client, guarded, fenceReason)
    await changeMark(client, mark.jobId, ['switched'], 'rolled-back')
  })
  let isFlipBegun = false
  try {
    watch.lap('fenceMs')
    onStep('fence')
    // What is left of the limit is for the last round.
    if (!(await untilWritersEnded(client, guarded, limitMs * shareOfWriters, signal))) return await giveUp('ended')
    watch.lap('endedMs')
    onStep('ended')
    const { changes } = await carryRound(sides, signal)
    done.carried += changes
    done.rounds += 1
    await carrySequences(sides)
    await restartApplied(client, log === null ? null : highestChange(db))
    onStep('carry')
    throwIfAborted(signal)
    if (watch.elapsedMs() > limitMs - Math.min(longestReserveMs, limitMs / 5)) return await giveUp('carry')
    watch.lap('carryMs')
    restageFence(db, 'returning')
    onStep('returning')
    isFlipBegun = true
    await flip(log)
    onStep('flip-back')
    lowerFence(db)
    watch.lap('flipMs')
    onStep('lower')
    return made(null)
  } catch (error) {
    // A flip that failed may have been recorded all the same: both stay fenced until recovery has read the state.
    if (!isFlipBegun) {
      await resume(sides, mark)
      report({
        type: 'log',
        level: 'warn',
        message: `The switch back was given up; PostgreSQL takes writes again. ${reportError(error).message}`,
      })
    }
    throw error
  }
}

/** Of the limit, for writers that were past the guards to end. */
const shareOfWriters = 0.6
/** Kept back of the limit for the flip: three commits on this machine's disk. */
const longestReserveMs = 200

/** As `resumePostgres`, through the connections that are open. */
async function resume({ db, client }: CarrySides, mark: CopyMark): Promise<void> {
  restageFence(db, 'moved')
  await openPostgres(client, mark)
}
