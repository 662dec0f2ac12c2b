import { existsSync } from 'node:fs'
import { type ActiveState, isLive } from '@/lib/control/active-state'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { connectPostgres, toPostgresError, withPostgres } from '@/lib/postgres/connect'
import { type CopyMark, readMark } from '@/lib/postgres/copy-mark'
import { endSessions, lockTarget } from '@/lib/postgres/target-lock'
import { targetLabel } from '@/lib/postgres/target-url'
import { type FenceStage, lowerFence, readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { cutOverSession, setFenceStage } from './cut-over'
import { discardCopy, lowerSourceFence } from './discard-copy'
import { isCaptured } from './live/capture'
import { settleMs } from './live/emergency'
import { finishCutOver } from './live/finish-cut-over'
import { decideRecovery, type Found } from './live/protocol'
import { contradiction, decideResume, type ResumeDecision } from './resume-decision'
import { type ResumeRecord, removeWorkFiles } from './resume-record'
import { resumePostgres, rollBackSession } from './roll-back'
import type { SchemaModel } from './schema-plan'
import { isPassing } from './target-session'

export interface RecoverOptions {
  /** As recorded in the control store. */
  readonly state: ActiveState
  /** The app's SQLite file; null when it has none. */
  readonly sourcePath: string | null
  /** The URL sealed in the state's target; null in `on-sqlite`, which has none. */
  readonly targetUrl: string | null
  /** Folder of the safety copies. */
  readonly workDir: string
  /**
   * The data model that a migration of the app is made with, when its job may be taken up again. Default: an unfinished
   * copy is always thrown away.
   */
  readonly resumeModel?: SchemaModel
}

/** What the caller must record in the control store; the databases are already as it says. */
export type Recovery =
  | { readonly outcome: 'unchanged' }
  /** Nothing was changed: `migrateDatabase` of the same job goes on from the last committed chunk. */
  | { readonly outcome: 'resumable'; readonly jobId: string }
  | { readonly outcome: 'on-sqlite' }
  | { readonly outcome: 'on-postgresql'; readonly jobId: string }
  /** The way back was given up by an administrator, and the state does not say so yet. */
  | { readonly outcome: 'finished'; readonly jobId: string }

/**
 * Brings fences, target and state back to one of the stable states after a job or its process was cut short at any
 * point. Call it under the lease, with nothing else at work. Safe to repeat, and when all is well it changes nothing.
 *
 * | state           | found                                   | becomes |
 * |-----------------|-----------------------------------------|---------|
 * | on-sqlite       | no fence, or "moving" or "returning"    | fence down |
 * | on-sqlite       | fence "moved"                           | refused: the record of the switch was lost |
 * | migrating       | fence up, safety copy whole, our mark   | as it is, to be gone on with (with `resumeModel`) |
 * | migrating       | anything else                           | copy discarded, fence down, on-sqlite |
 * | ready-to-switch | cut-over record in PostgreSQL           | on-postgresql |
 * | ready-to-switch | no such record                          | fence up |
 * | migrating       | a copy brought up to date again         | on-sqlite; the copy and the log stay for the next attempt |
 * | on-postgresql   | marked rolled-back (the flip never was) | PostgreSQL takes writes again, fence "moved" |
 * | on-postgresql   | marked finished                         | recorded as finished |
 * | any but on-sqlite | marked abandoned                      | refused: the record of the emergency was lost |
 *
 * @throws AppError TARGET_* when the target decides and cannot be asked (then try again later, and write nothing
 *   meanwhile), STATE_CONFLICT when state and databases contradict each other
 */
export async function recoverDatabases(options: RecoverOptions, report: Report, signal: AbortSignal): Promise<Recovery> {
  switch (options.state.status) {
    case 'on-sqlite':
      return recoverOnSqlite(options, report)
    case 'migrating':
      return recoverMigrating(options, options.state.jobId, report, signal)
    case 'ready-to-switch':
      return recoverReady(options, options.state.jobId, report, signal)
    case 'on-postgresql':
      return recoverOnPostgres(options, options.state.jobId, report, signal)
  }
}

async function recoverOnSqlite({ sourcePath, state }: RecoverOptions, report: Report): Promise<Recovery> {
  const stage = sourcePath === null ? null : fenceStage(sourcePath)
  const step = decideRecovery({ state: 'on-sqlite', stage, mark: 'unreachable' })
  const former = state.status === 'on-sqlite' ? state.former : undefined
  if (sourcePath === null || step === 'stay') {
    // Of a way forward that somebody gave up: nobody would ever read it.
    if (sourcePath !== null && !former && isCaptured(sourcePath)) lowerSourceFence(sourcePath)
    return { outcome: 'unchanged' }
  }
  if (step === 'refuse') {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'recover',
      subject: sourcePath,
      message: 'The data of this SQLite file has moved to PostgreSQL, but the record of it is lost.',
      hint: 'Restore the control store (CONTROL_DATABASE_URL), or set DATABASE_URL to the PostgreSQL database. The file stays read-only, so that the data is not split.',
    })
  }
  // The log of an app that came back from PostgreSQL is what its way forward is made of.
  if (former?.how === 'emergency') await new Promise((resolve) => setTimeout(resolve, settleMs))
  if (former) takeFenceDown(sourcePath)
  else lowerSourceFence(sourcePath)
  report({ type: 'log', level: 'info', message: 'The SQLite database takes writes again.' })
  return { outcome: 'unchanged' }
}

async function recoverMigrating(options: RecoverOptions, jobId: string, report: Report, signal: AbortSignal): Promise<Recovery> {
  const { sourcePath, targetUrl, workDir } = options
  if (sourcePath === null) return { outcome: 'on-sqlite' }
  if (options.state.status === 'migrating' && options.state.former) {
    // Each round was one transaction: the copy is the file as it was at some moment, and the log goes on from there.
    await removeWorkFiles(workDir, jobId)
    return { outcome: 'on-sqlite' }
  }
  if (await isResumable(options, jobId, report, signal)) return { outcome: 'resumable', jobId }
  try {
    if (targetUrl !== null) await discardCopy({ sourcePath, targetUrl, jobId, workDir }, report, signal)
  } catch (error) {
    // No cut-over begins in this state, so SQLite is the authority and the app need not wait for the target.
    const message = `The unfinished copy could not be removed now (${reportError(error).message}); the next migration does it.`
    report({ type: 'log', level: 'warn', message })
  }
  lowerSourceFence(sourcePath)
  await removeWorkFiles(workDir, jobId)
  return { outcome: 'on-sqlite' }
}

async function isResumable(options: RecoverOptions, jobId: string, report: Report, signal: AbortSignal): Promise<boolean> {
  const { sourcePath, targetUrl, workDir, resumeModel } = options
  if (sourcePath === null || targetUrl === null || resumeModel === undefined) return false
  const live = isLive(options.state)
  // The choices are the job's own: it is begun with the same ones.
  const decision = await decideResume({ jobId, sourcePath, targetUrl, workDir, fenceSource: !live, live, model: resumeModel }, ['choices'])
  const reason = decision.status === 'resumable' ? await targetContradiction(decision.record, targetUrl, signal) : reasonOf(decision)
  if (reason === null) return true
  report({ type: 'log', level: 'warn', message: `The unfinished copy cannot be gone on with. ${reason}` })
  return false
}

/** A server that is still starting contradicts nothing: the job waits for it, and then looks at the mark itself. */
async function targetContradiction(record: ResumeRecord, targetUrl: string, signal: AbortSignal): Promise<string | null> {
  try {
    return contradiction(record, await markOf(targetUrl, signal))
  } catch (error) {
    return isPassing(error) ? null : reportError(error).message
  }
}

function reasonOf(decision: Exclude<ResumeDecision, { status: 'resumable' }>): string {
  return decision.status === 'impossible' ? decision.reason : 'Nothing was copied yet.'
}

async function recoverReady(options: RecoverOptions, jobId: string, report: Report, signal: AbortSignal): Promise<Recovery> {
  const { sourcePath, targetUrl } = options
  if (targetUrl === null) throw missingTarget()
  const mark = await settledMark(targetUrl, signal)
  const file = sourcePath !== null && existsSync(sourcePath) ? sourcePath : null
  const stage = file === null ? null : fenceStage(file)
  const step = decideRecovery({ state: 'undecided', stage, mark: foundMark(mark, jobId) })
  if (step === 'refuse') throw lostEmergency(targetUrl)
  const isFinished = step === 'finish'
  if (file !== null) {
    const wanted = isFinished ? 'moved' : 'moving'
    // A live copy has a fence for the moment of the switch only; without a cut-over record that moment has passed.
    if (!isFinished && isLive(options.state)) takeFenceDown(file)
    else if (stage !== wanted) setFenceStage(file, wanted)
  }
  if (!isFinished) return { outcome: 'unchanged' }
  report({ type: 'log', level: 'info', message: 'The cut-over was recorded in PostgreSQL: the app is switched.' })
  return { outcome: 'on-postgresql', jobId }
}

async function recoverOnPostgres(options: RecoverOptions, jobId: string | null, report: Report, signal: AbortSignal): Promise<Recovery> {
  const { sourcePath, targetUrl } = options
  // An app that was installed on PostgreSQL has no copy to look after.
  if (jobId === null) return { outcome: 'unchanged' }
  if (targetUrl === null) throw missingTarget()
  const file = sourcePath !== null && existsSync(sourcePath) ? sourcePath : null
  const client = await connectPostgres(targetUrl, { applicationName: 'bascule recovery', signal })
  try {
    await endSessions(client, rollBackSession)
    await lockTarget(client)
    const mark = await readMark(client)
    const stage = file === null ? null : fenceStage(file)
    const step = decideRecovery({ state: 'on-postgresql', stage, mark: foundMark(mark, jobId) })
    if (step === 'refuse') throw lostEmergency(targetUrl)
    if (step === 'finalise') return { outcome: 'finished', jobId }
    if (step === 'resume' && mark) {
      await resumePostgres(client, mark, file)
      report({ type: 'log', level: 'info', message: 'An unfinished switch back was given up; PostgreSQL takes writes again.' })
    } else if (step === 'close' && file !== null) {
      setFenceStage(file, 'moved')
    }
    if (mark?.jobId === jobId) await finishCutOver({ sourcePath: file, client, schema: mark.targetSchema }, report)
    return { outcome: 'unchanged' }
  } catch (error) {
    throw toPostgresError(error, targetLabel(targetUrl))
  } finally {
    await client.end().catch(() => undefined)
  }
}

function markOf(targetUrl: string, signal: AbortSignal): Promise<CopyMark | null> {
  return withPostgres(targetUrl, { applicationName: 'bascule recovery', signal }, readMark)
}

/**
 * The mark, read once every session of ours that was at work on the target has ended: a commit that was under way when its
 * process died has arrived by then, or never will.
 */
function settledMark(targetUrl: string, signal: AbortSignal): Promise<CopyMark | null> {
  return withPostgres(targetUrl, { applicationName: 'bascule recovery', signal }, async (client) => {
    // A session whose way to us was cut may not know it for hours, and keep the lock as long.
    await endSessions(client, cutOverSession)
    await lockTarget(client)
    return readMark(client)
  })
}

function foundMark(mark: CopyMark | null, jobId: string): Found['mark'] {
  if (mark?.jobId !== jobId) return 'none'
  return mark.state === 'copying' || mark.state === 'copied' ? 'none' : mark.state
}

function lostEmergency(targetUrl: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'recover',
    subject: targetLabel(targetUrl),
    message: 'The app had left this PostgreSQL database in an emergency, and the record of it is lost.',
    hint: 'Restore the control store (CONTROL_DATABASE_URL) of after the emergency. Both databases stay closed until then, so that the data is not split.',
  })
}

function fenceStage(sourcePath: string): FenceStage | null {
  if (!existsSync(sourcePath)) return null
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    return readFence(db)?.stage ?? null
  } finally {
    db.close()
  }
}

/** The change log stays: the copy goes on following. */
function takeFenceDown(sourcePath: string): void {
  const db = openSqlite(sourcePath)
  try {
    lowerFence(db)
  } finally {
    db.close()
  }
}

function missingTarget(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'recover',
    message: 'The recorded state names no target.',
    hint: 'Restore the control store (CONTROL_DATABASE_URL).',
  })
}
