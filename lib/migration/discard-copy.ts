import { existsSync } from 'node:fs'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { connectPostgres } from '@/lib/postgres/connect'
import { type CopyMark, readMark } from '@/lib/postgres/copy-mark'
import { removeCopy } from '@/lib/postgres/remove-copy'
import { endSessions, lockTarget } from '@/lib/postgres/target-lock'
import { disarmChangeLog } from '@/lib/sqlite/change-log'
import { lowerFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { followerSession } from './live/followed-copy'
import { removeWorkFiles } from './resume-record'

export interface DiscardOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  readonly jobId: string
  /** Folder of the safety copy, which is removed with the rest. Default: it is kept. */
  readonly workDir?: string
}

/**
 * Gives up a copy, finished or broken off: the target as empty as it was found (only what the copy's mark names is
 * removed), then the source writable again. Safe to repeat, also after a crash in any phase and when there is nothing
 * to give up. The source is opened for writing only after the target is known not to be in use by the app.
 *
 * @throws AppError STATE_CONFLICT when the app was switched to the copy (the cut-over record stands) or it is another
 *   job's; LEASE_HELD while a migration works on the target; TARGET_*, SOURCE_*. The fence then still stands.
 */
export async function discardCopy(options: DiscardOptions, report: Report, signal: AbortSignal): Promise<void> {
  await emptyTarget(options, report, signal)
  lowerSourceFence(options.sourcePath)
  if (options.workDir !== undefined) await removeWorkFiles(options.workDir, options.jobId)
  report({ type: 'log', level: 'info', message: 'The copy is discarded; the source is writable.' })
}

/** Undoes a run of this process that failed. What cannot be put back now is answered, and the rest is put back. */
export async function undoMigration(
  options: DiscardOptions & {
    readonly workDir: string
    readonly fenceSource: boolean
    readonly live?: boolean
    /** How long the target is asked for. Default: 15,000. */
    readonly patienceMs?: number
  },
  report: Report,
): Promise<{ readonly message: string } | null> {
  let problem: { readonly message: string } | null = null
  // Not the run's signal: it has fired. The target gets a moment to come back, for instance from a restart.
  const signal = AbortSignal.timeout(options.patienceMs ?? 15_000)
  // Beside the target: a file of gigabytes takes a while to be removed, and whoever cancelled waits for both.
  const removed = removeWorkFiles(options.workDir, options.jobId).then(() => null, reportError)
  try {
    await emptyTarget(options, report, signal)
  } catch (error) {
    problem = reportError(error)
  }
  try {
    // Nobody was switched by a run that failed, so SQLite is the authority, whatever state the target is in.
    if (options.fenceSource || options.live) lowerSourceFence(options.sourcePath)
  } catch (error) {
    problem ??= reportError(error)
  }
  const notRemoved = await removed
  return problem ?? notRemoved
}

async function emptyTarget(options: DiscardOptions, report: Report, signal: AbortSignal): Promise<void> {
  const applicationName = `bascule ${options.jobId}`.slice(0, 63)
  const client = await connectPostgres(options.targetUrl, { applicationName: 'bascule discard', signal })
  try {
    await endSessions(client, applicationName)
    await endSessions(client, followerSession(options.jobId))
    await lockTarget(client)
    const mark = await readMark(client)
    if (!mark) return
    requireDiscardable(mark, options.jobId)
    await removeCopy(client, mark)
    report({ type: 'log', level: 'info', message: `${mark.tables.length} tables were removed from the target.` })
  } finally {
    await client.end().catch(() => undefined)
  }
}

function requireDiscardable(mark: CopyMark, jobId: string): void {
  const isOurs = mark.jobId === jobId
  if (isOurs && (mark.state === 'copying' || mark.state === 'copied')) return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'discard the copy',
    message: isOurs ? 'The app was switched to this copy: it is not discarded.' : 'The copy in the target was made by another job.',
    hint: isOurs ? 'Switch back to SQLite first.' : 'Reload the page, or use another target.',
  })
}

/**
 * Takes fence and change log down, so that the file is what it was before the migration. Waits up to five seconds for
 * another process's lock. A source that is gone has neither.
 */
export function lowerSourceFence(path: string): boolean {
  if (!existsSync(path)) return false
  const db = openSqlite(path)
  try {
    const wasCaptured = disarmChangeLog(db)
    return lowerFence(db) || wasCaptured
  } finally {
    db.close()
  }
}
