import { freezeLimit } from '@/lib/control/switch-choice'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError, reportError } from '@/lib/core/errors'
import { type InPhase, inPhase } from '@/lib/core/in-phase'
import { pause } from '@/lib/core/pause'
import type { Report } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { destroy, toPostgresError } from '@/lib/postgres/connect'
import { isLatePart, readStripped } from '@/lib/postgres/structure'
import { targetLabel } from '@/lib/postgres/target-url'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { highestChange } from '@/lib/sqlite/change-log'
import { installFence, lowerFence, restageFence, sleepFence, wakeFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { cutOverSession } from '../cut-over'
import { type CutOverPhase, cutOverPhases } from '../migration-result'
import { requireIntactLog } from './capture'
import { type CutOverRecord, commitRecord, prepareRecord } from './cut-over-record'
import { lateWords, type SwitchLaps, type SwitchTry, startSwitchLaps, wordsOf } from './cut-over-try'
import { finishCutOver } from './finish-cut-over'
import { type FollowedCopy, openFollowedCopy } from './followed-copy'
import { mostSwitchAttempts, pauseAfter, switchTooSlow } from './freeze-limit'
import type { CutOverStep } from './protocol'

export interface LiveCutOverOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** Job that made the copy: its mark stands in the target. */
  readonly jobId: string
  /** How long writes may wait for the switch before it is given up and tried again, in milliseconds. Default: 800. */
  readonly freezeLimitMs?: number
  /** How often it is tried. Default: 20. */
  readonly mostAttempts?: number
  /** Called after each step of the protocol: for tests, which end the process there. */
  readonly onStep?: (step: CutOverStep) => void
}

export interface LiveCutOverResult {
  /** How long writes waited, in milliseconds. */
  readonly freezeMs: number
  /** How often the switch was tried; more than once when the limit had passed. */
  readonly attempts: number
  /** Every attempt, oldest first; the last one succeeded. */
  readonly tries: readonly SwitchTry[]
  /** Changes of the source that were applied, and proved, by this job. */
  readonly applied: number
}

const inStep: InPhase<CutOverPhase> = inPhase

/** A round under this, three times in a row, and the last one can be expected to be as short. */
const quickMs = 200
const quickRounds = 3
/** On a machine or under a load where no round is quick the freeze has to do the rest; so before each further attempt. */
const mostRounds = 20
const roundsBetween = 3

/**
 * Switches the app, which goes on writing, to the copy that follows it.
 *
 *   rounds until three are quick ─> guards awake ─> last round, proved ─>
 *   one PostgreSQL transaction: references, sequences, change log, cut-over record ─> fence says "moved" ─> flip ─> the rest
 *
 * From the guards to the flip nobody writes: writes of the app wait. The record alone decides. Before it is asked for, any
 * failure and any delay beyond the limit lets the guards sleep again, and the app has noticed no more than a short wait. When
 * it was asked for and no answer came, all stays as it is until `recoverDatabases` has seen whether it stands.
 *
 * @param flip records that the app uses PostgreSQL; called once, after the record
 * @throws AppError STATE_CONFLICT, SOURCE_CHANGED, CONTENT_DIFFERS, TARGET_*, SOURCE_*, CANCELLED, and whatever `flip` throws
 */
export async function cutOverLive(
  options: LiveCutOverOptions,
  flip: () => Promise<void>,
  report: Report,
  signal: AbortSignal,
): Promise<LiveCutOverResult> {
  const { sourcePath, targetUrl } = options
  const limitMs = options.freezeLimitMs ?? freezeLimit.usual
  // Not with our signal: it would close the socket, in the midst of the one commit whose answer matters.
  const open = () => openFollowedCopy(options, cutOverSession)
  const side: { copy: FollowedCopy } = { copy: await open() }
  try {
    const db = openSqlite(sourcePath, { busyTimeoutMs: 0 })
    try {
      db.pragma('synchronous = FULL')
      report({ type: 'plan', phases: [...cutOverPhases] })
      const sides = await prepare(side.copy, db, options)
      await prepareRecord(side.copy.client, sides.record)
      const reopen = async () => {
        await side.copy.close()
        side.copy = await open()
        sides.copy = side.copy
        await prepareRecord(side.copy.client, sides.record)
      }
      const limits = { limitMs, mostAttempts: options.mostAttempts ?? mostSwitchAttempts }
      const result = await switchOver(sides, limits, reopen, flip, report, signal)
      const finish = { sourcePath, client: side.copy.client, schema: side.copy.mark.targetSchema }
      await inStep('finish', report, () => finishCutOver(finish, report)).catch((error: unknown) => {
        const message = `The app is switched; what is left to do after it is done when the worker starts next: ${reportError(error).message}`
        report({ type: 'log', level: 'warn', message })
      })
      return result
    } finally {
      db.close()
    }
  } catch (error) {
    throw toPostgresError(error, targetLabel(targetUrl))
  } finally {
    await side.copy.close()
  }
}

interface Sides {
  /** Another one after an attempt whose connection was given up. */
  copy: FollowedCopy
  /** Writes the fence; the copy's own connection reads. */
  readonly db: SqliteDatabase
  readonly record: CutOverRecord
  readonly fenceReason: string
  readonly onStep: (step: CutOverStep) => void
  schemaVersion: number
  applied: number
}

async function prepare(copy: FollowedCopy, db: SqliteDatabase, { targetUrl, jobId, onStep }: LiveCutOverOptions): Promise<Sides> {
  const { client, opened, mark } = copy
  if (opened.provenSeq !== opened.seq) throw notReady()
  const target = await readPostgresCatalogue(client, mark.targetSchema)
  const lateParts = (await readStripped(client)).filter(isLatePart)
  const readSequences = () =>
    new Map(readSqliteCatalogue(db).tables.flatMap(({ name, sequence }) => (sequence === null ? [] : [[name, sequence]])))
  return {
    copy,
    db,
    record: { jobId, target, lateParts, readSequences },
    fenceReason: `the app's data is on PostgreSQL (${targetLabel(targetUrl)}), or moves there this moment; this file is kept as it was`,
    onStep: onStep ?? (() => undefined),
    schemaVersion: requireIntactLog(db),
    applied: 0,
  }
}

async function switchOver(
  sides: Sides,
  { limitMs, mostAttempts }: { readonly limitMs: number; readonly mostAttempts: number },
  reopen: () => Promise<void>,
  flip: () => Promise<void>,
  report: Report,
  signal: AbortSignal,
): Promise<LiveCutOverResult> {
  const { db } = sides
  // Once the record was asked for, only recovery may say what becomes of the fence.
  let mayLower = true
  const tries: SwitchTry[] = []
  try {
    await inStep('catch-up', report, () => catchUp(sides, mostRounds, report, signal))
    await eagerly(installPatienceMs, () => installFence(db, sides.fenceReason, 'moving'))
    return await inStep('switch', report, async () => {
      for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
        throwIfAborted(signal)
        const watch = startSwitchLaps()
        const frozen = await freeze(sides, limitMs, watch.lap, signal)
        if (frozen.status !== 'too-slow') {
          mayLower = false
          if (frozen.status === 'unknown') throw frozen.error
          await eagerly(installPatienceMs, () => restageFence(db, 'moved'))
          sides.onStep('moved')
          await flip()
          watch.lap('flipMs')
          sides.onStep('flip')
          const freezeMs = watch.elapsedMs()
          const made: SwitchTry = { limitMs, ...watch.taken(), lateIn: null }
          const message = `The app is on PostgreSQL. Writes waited for ${Math.round(freezeMs)} ms (${wordsOf(made)}).`
          report({ type: 'log', level: 'info', message })
          return { freezeMs, attempts: attempt, tries: [...tries, made], applied: sides.applied }
        }
        const late: SwitchTry = { limitMs, ...watch.taken(), lateIn: frozen.in }
        tries.push(late)
        const message = `Attempt ${attempt}: ${lateWords[frozen.in]} took the switch beyond ${limitMs} ms (${wordsOf(late)}). It was given up, the app writes on, and it is tried again.`
        report({ type: 'log', level: 'warn', message })
        await pause(pauseAfter(attempt), signal)
        if (frozen.isCut) await reopen()
        await catchUp(sides, roundsBetween, report, signal)
      }
      throw switchTooSlow('PostgreSQL', limitMs)
    })
  } catch (error) {
    if (mayLower) await eagerly(installPatienceMs, () => lowerFence(db))
    throw error
  }
}

type Frozen =
  /** The record stands; writes wait. */
  | { readonly status: 'recorded' }
  /** Given up; writes go on on SQLite. `isCut`: in the midst of a statement, with the connection. */
  | { readonly status: 'too-slow'; readonly isCut: boolean; readonly in: NonNullable<SwitchTry['lateIn']> }
  /** The record was asked for, and no answer came: nobody may write until it is known. */
  | { readonly status: 'unknown'; readonly error: unknown }

/** From the guards to the record. What it throws, it throws with the guards asleep again. */
async function freeze(sides: Sides, limitMs: number, lap: SwitchLaps['lap'], signal: AbortSignal): Promise<Frozen> {
  const { db, copy } = sides
  const { client, applier } = copy
  const since = performance.now()
  // What comes after the record is waited for as well: one commit in the file, and the flip.
  const isLate = () => performance.now() - since > limitMs - Math.min(longestReserveMs, limitMs / 5)
  try {
    await eagerly(limitMs, () => wakeFence(db))
    lap('wakeMs')
  } catch (error) {
    // A writer that does not end: nothing was frozen.
    lap('wakeMs')
    if (reportError(error).code === 'SOURCE_BUSY') return { status: 'too-slow', isCut: false, in: 'wake' }
    throw error
  }
  // An answer that does not come is no answer: the socket is closed, and the server ends what it has not committed. Until the
  // commit is asked for nothing is decided, and nobody waits longer than the limit; its answer is worth waiting for.
  let isCut = false
  let lateIn: 'drain' | 'record' = 'drain'
  let stalled = setTimeout(() => {
    isCut = true
    destroy(client)
  }, limitMs + slackMs)
  const mayCommit = () => {
    if (isLate() || signal.aborted) return false
    clearTimeout(stalled)
    stalled = setTimeout(() => destroy(client), commitPatienceMs)
    return true
  }
  try {
    sides.onStep('wake')
    await applyRound(sides, signal)
    sides.onStep('drain')
    sides.schemaVersion = requireIntactLog(db, sides.schemaVersion)
    if (applier.applied !== highestChange(db)) throw notReady()
    lap('drainMs')
    if (!isLate()) lateIn = 'record'
    const outcome = lateIn === 'drain' ? declined : await commitRecord(client, sides.record, mayCommit)
    lap('recordMs')
    if (outcome.status === 'committed') {
      sides.onStep('record')
      return { status: 'recorded' }
    }
    if (outcome.status === 'unknown') return outcome
    await eagerly(installPatienceMs, () => sleepFence(db))
    throwIfAborted(signal)
    return { status: 'too-slow', isCut, in: lateIn }
  } catch (error) {
    await eagerly(installPatienceMs, () => sleepFence(db))
    throwIfAborted(signal)
    if (isCut) {
      lap(`${lateIn}Ms`)
      return { status: 'too-slow', isCut, in: lateIn }
    }
    throw error
  } finally {
    clearTimeout(stalled)
  }
}

/** A timer is no stopwatch: one that is a little late must not take for stalled what only was slow. */
const slackMs = 100
const commitPatienceMs = 5_000

/** Kept back of the limit for the fence and the flip. */
const longestReserveMs = 200

const declined = { status: 'declined' } as const

/** How long a writer is waited for where nobody waits for us. */
const installPatienceMs = 10_000

/**
 * Repeats what needs the write lock at every chance. SQLite's own busy handler looks every 100 ms after a while: between
 * writers that follow each other without a pause it would meet a free lock by luck only.
 *
 * @throws AppError SOURCE_BUSY when there was no chance within `patienceMs`
 */
async function eagerly(patienceMs: number, act: () => unknown): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      act()
      return
    } catch (error) {
      if (reportError(error).code !== 'SOURCE_BUSY' || performance.now() >= deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function catchUp(sides: Sides, most: number, report: Report, signal: AbortSignal): Promise<void> {
  let quick = 0
  for (let round = 0; quick < quickRounds && round < most; round += 1) {
    throwIfAborted(signal)
    sides.schemaVersion = requireIntactLog(sides.db, sides.schemaVersion)
    const started = performance.now()
    const changes = await applyRound(sides, signal)
    const elapsedMs = performance.now() - started
    quick = elapsedMs < quickMs ? quick + 1 : 0
    if (changes > 0) {
      const message = `${changes} change${changes === 1 ? '' : 's'} applied and proved in ${Math.round(elapsedMs)} ms.`
      report({ type: 'log', level: 'info', message })
    }
  }
}

async function applyRound(sides: Sides, signal: AbortSignal): Promise<number> {
  const { copy } = sides
  const { changes } = await copy.applier.round(copy.db, { signal, prove: true })
  sides.applied += changes
  return changes
}

function notReady(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to PostgreSQL',
    message: 'There is no copy of this migration in the target that was proved and follows the source.',
    hint: 'Discard the copy and migrate again.',
  })
}
