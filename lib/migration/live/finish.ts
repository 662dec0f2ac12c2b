import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { type InPhase, inPhase } from '@/lib/core/in-phase'
import { pause } from '@/lib/core/pause'
import type { Report } from '@/lib/core/progress'
import { quoteName } from '@/lib/core/quoted-name'
import { connectPostgres, isContended, toPostgresError } from '@/lib/postgres/connect'
import { bookkeepingSchema, type CopyMark, changeMark, readMark } from '@/lib/postgres/copy-mark'
import { lockTarget } from '@/lib/postgres/target-lock'
import { targetLabel } from '@/lib/postgres/target-url'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { inTransaction } from '../apply-schema'
import { type FinishPhase, finishPhases } from '../migration-result'
import { type ArchivedFile, archiveFile } from './finish-archive'

/** The steps after each of which the process may be killed; `record` is the caller's. */
export const finishSteps = ['archive', 'take-down', 'record', 'original'] as const
export type FinishStep = (typeof finishSteps)[number]

export interface FinishOptions {
  /** The app's SQLite file; null where it has none any more. */
  readonly sourcePath: string | null
  readonly targetUrl: string
  /** Migration that brought the app here: its mark stands in the target. */
  readonly jobId: string
  /** Folder that the archive of the SQLite file is put into. */
  readonly archiveFolder: string
  readonly at: Date
  /** What becomes of the file itself once it is archived: it stays where it is, fenced, or is removed. Default: keep. */
  readonly original?: 'keep' | 'remove'
  /** Whether the copy's mark and the record of its structure stay in PostgreSQL, in the schema `bascule`. Default: true. */
  readonly keepRecord?: boolean
  /** Called after each step: for tests, which end the process there. */
  readonly onStep?: (step: FinishStep) => void
}

export interface FinishResult {
  readonly archive: ArchivedFile | null
}

const inStep: InPhase<FinishPhase> = inPhase

/**
 * Gives up the way back: PostgreSQL is kept, and what was there for a switch back goes.
 *
 *   SQLite file archived and compared ─> one transaction on PostgreSQL: change log, triggers, positions gone, mark `finished` ─>
 *   record ─> the original
 *
 * The file stays fenced throughout, in the archive too, so that no program takes it for the app's data by mistake. From the
 * transaction on the way back leads over a backup; before it any failure leaves all as it was. Killed at any point it may be
 * called again, and recovery records what is missing.
 *
 * @param record notes that the switch is finished; called once
 * @throws AppError STATE_CONFLICT when the app was not switched here by this migration or the file is not fenced; TARGET_*,
 *   SOURCE_*, LOCAL_DISK_FULL, CANCELLED
 */
export async function finishSwitch(
  options: FinishOptions,
  record: (archive: ArchivedFile | null) => Promise<void>,
  report: Report,
  signal: AbortSignal,
): Promise<FinishResult> {
  const { sourcePath, targetUrl, jobId } = options
  const onStep = options.onStep ?? (() => undefined)
  const client = await connectPostgres(targetUrl, { applicationName: 'bascule finish' })
  try {
    report({ type: 'plan', phases: [...finishPhases] })
    await lockTarget(client)
    const mark = await readMark(client)
    if (mark?.jobId !== jobId || (mark.state !== 'switched' && mark.state !== 'finished')) throw notHere()
    const archive = await inStep('archive-file', report, async () => {
      if (sourcePath === null || !existsSync(sourcePath)) return null
      requireFence(sourcePath)
      return archiveFile(sourcePath, options.archiveFolder, options.at, signal)
    })
    onStep('archive')
    throwIfAborted(signal)
    await inStep('take-down', report, () => takeDown(client, mark, signal))
    onStep('take-down')
    await record(archive)
    onStep('record')
    if (options.keepRecord === false) await client.query(`DROP SCHEMA IF EXISTS ${quoteName(bookkeepingSchema)} CASCADE`)
    if (options.original === 'remove' && archive !== null && sourcePath !== null) {
      // The database first: what is left of it without the rest is an old moment, and never a wrong one.
      for (const suffix of ['', '-wal', '-shm']) await rm(`${sourcePath}${suffix}`, { force: true })
    }
    onStep('original')
    report({ type: 'log', level: 'info', message: 'PostgreSQL is kept. Nothing is noted for a way back any more.' })
    return { archive }
  } catch (error) {
    throw toPostgresError(error, targetLabel(targetUrl))
  } finally {
    await client.end().catch(() => undefined)
  }
}

const mostAttempts = 20

/**
 * The functions of the log and of the fence take their triggers with them, on whatever tables these are by now. That wants
 * every table for a moment: never for long, since who comes after waits behind us.
 */
async function takeDown(client: pg.Client, mark: CopyMark, signal: AbortSignal): Promise<void> {
  if (mark.state === 'finished') return
  for (let attempt = 1; ; attempt += 1) {
    try {
      await inTransaction(client, async () => {
        await client.query(`SET LOCAL lock_timeout = '300ms'; SET LOCAL synchronous_commit = on; SET LOCAL client_min_messages = warning`)
        const { rows } = await client.query<{ signature: string }>(
          `SELECT oid::regprocedure::text AS signature FROM pg_proc WHERE pronamespace = to_regnamespace($1)::oid`,
          [bookkeepingSchema],
        )
        for (const { signature } of rows) await client.query(`DROP FUNCTION ${signature} CASCADE`)
        for (const name of ['change_log', 'chunk', 'applied', 'stripped']) {
          await client.query(`DROP TABLE IF EXISTS ${bookkeepingSchema}.${quoteName(name)}`)
        }
        await changeMark(client, mark.jobId, ['switched'], 'finished')
      })
      return
    } catch (error) {
      if (!isContended(error) || attempt === mostAttempts) throw error
      await pause(attempt * 100, signal)
      throwIfAborted(signal)
    }
  }
}

/** Without the fence somebody may have written to the file, and it is not the one that was left. */
function requireFence(sourcePath: string): void {
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    const fence = readFence(db)
    if (fence?.awake && fence.stage === 'moved') return
  } finally {
    db.close()
  }
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'finish the switch',
    subject: sourcePath,
    message: 'The SQLite file is not the one that the app left: its fence does not stand.',
    hint: 'Look whether DATABASE_URL names another file or somebody took the fence down. Nothing was changed.',
  })
}

function notHere(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'finish the switch',
    message: 'The app was not switched to this PostgreSQL database by a migration.',
    hint: 'Reload the page to see where the app is now.',
  })
}
