import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { countChanges, readChanges, type TableChanges } from '@/lib/postgres/change-log'
import { connectPostgres, sqlStateOf, toPostgresError, withPostgres } from '@/lib/postgres/connect'
import { type CopyMark, changeMark, readMark } from '@/lib/postgres/copy-mark'
import { lowerPostgresFence, raisePostgresFence } from '@/lib/postgres/fence'
import { lockTarget } from '@/lib/postgres/target-lock'
import { targetLabel } from '@/lib/postgres/target-url'
import { inTransaction } from './apply-schema'
import { setFenceStage } from './cut-over'
import { lowerSourceFence } from './discard-copy'

export interface RollbackPreview {
  /** Rows that are new, changed or gone on PostgreSQL since the switch: all of them stay behind. */
  readonly total: number
  /** Tables with such rows. */
  readonly tables: readonly TableChanges[]
}

export interface RollBackOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** The total that a person has seen and accepted. */
  readonly acknowledgedChanges: number
  /** Folder of the file with the keys of what stays behind. Default: the folder of the SQLite file. */
  readonly workDir?: string
}

export interface RollBackResult extends RollbackPreview {
  /** JSON lines `{table, operation, key}`; null when nothing stays behind. */
  readonly leftBehindFile: string | null
}

const fenceReason = 'the app is switched back to SQLite; this database takes no more writes'

/** What a switch back to SQLite would leave behind, counted now. @throws AppError STATE_CONFLICT, TARGET_* */
export async function previewRollback({ targetUrl }: { readonly targetUrl: string }): Promise<RollbackPreview> {
  return withPostgres(targetUrl, { applicationName: 'bascule preview' }, async (client) => {
    const mark = await readMark(client)
    if (mark?.state !== 'switched') throw notSwitched()
    return previewOf(await countChanges(client))
  })
}

/**
 * Switches the app back to the SQLite file as it was at the switch.
 *
 *   PostgreSQL fenced and marked `rolled-back` in one transaction ─> counted again ─> keys of what stays behind written to
 *   a file ─> SQLite's fence says "returning" ─> flip ─> SQLite's fence down
 *
 * At no moment do both databases take writes. Before the flip any failure takes the fence on PostgreSQL down again and
 * the app stays there; after it `recoverDatabases` finishes what is missing.
 *
 * @param flip records that the app uses SQLite; called once
 * @throws AppError STATE_CONFLICT when more changes are there than were acknowledged, TARGET_*, SOURCE_*, CANCELLED
 */
export async function rollBack(
  options: RollBackOptions,
  flip: () => Promise<void>,
  report: Report,
  signal: AbortSignal,
): Promise<RollBackResult> {
  const client = await connectPostgres(options.targetUrl, { applicationName: 'bascule rollback' })
  try {
    await lockTarget(client)
    const mark = await readMark(client)
    if (mark?.state !== 'switched') throw notSwitched()
    await raiseFence(client, mark)
    report({ type: 'log', level: 'info', message: 'PostgreSQL takes no more writes.' })
    let isFlipBegun = false
    try {
      const result = await recordLeftBehind(client, options)
      throwIfAborted(signal)
      setFenceStage(options.sourcePath, 'returning')
      isFlipBegun = true
      await flip()
      lowerSourceFence(options.sourcePath)
      report({ type: 'log', level: 'info', message: 'The app is back on SQLite, which takes writes again.' })
      return result
    } catch (error) {
      // A flip that failed may have been recorded all the same: both stay fenced until recovery has read the state.
      if (!isFlipBegun) {
        await resumePostgres(client, mark, options.sourcePath)
        report({ type: 'log', level: 'warn', message: 'The switch back was given up; PostgreSQL takes writes again.' })
      }
      throw error
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
  await inTransaction(client, async () => {
    await lowerPostgresFence(client, mark.targetSchema, await tableNames(client, mark))
    await changeMark(client, mark.jobId, ['rolled-back'], 'switched')
  })
}

const lockAttempts = 5

/** Waits for writers; one that holds one table and wants another can be in our way or we in its: tried again. */
async function raiseFence(client: pg.Client, mark: CopyMark): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await inTransaction(client, async () => {
        await client.query(`SET LOCAL lock_timeout = '5s'`)
        await raisePostgresFence(client, mark.targetSchema, await tableNames(client, mark), fenceReason)
        await changeMark(client, mark.jobId, ['switched'], 'rolled-back')
      })
      return
    } catch (error) {
      const isBlocked = ['40P01', '55P03'].includes(sqlStateOf(error) ?? '')
      if (!isBlocked || attempt === lockAttempts) throw error
    }
  }
}

/** Tables as they are now: schema migrations may have made or dropped some since the switch. */
async function tableNames(client: pg.Client, mark: CopyMark): Promise<readonly string[]> {
  return (await readPostgresCatalogue(client, mark.targetSchema)).tables.map((table) => table.name)
}

async function recordLeftBehind(client: pg.Client, options: RollBackOptions): Promise<RollBackResult> {
  const preview = previewOf(await countChanges(client))
  if (preview.total > options.acknowledgedChanges) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'switch back to SQLite',
      message: `${preview.total} changes would stay behind, more than the ${options.acknowledgedChanges} that were shown.`,
      hint: 'Look at the new number and decide again.',
    })
  }
  const folder = options.workDir ?? dirname(options.sourcePath)
  return { ...preview, leftBehindFile: preview.total === 0 ? null : await writeLeftBehind(client, folder) }
}

async function writeLeftBehind(client: pg.Client, folder: string): Promise<string> {
  const path = join(folder, `left-behind-${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}.jsonl`)
  const file = await open(path, 'w', 0o600)
  try {
    await inTransaction(client, async () => {
      for await (const changes of readChanges(client)) await file.write(changes.map((change) => `${JSON.stringify(change)}\n`).join(''))
    })
    await file.sync()
    return path
  } finally {
    await file.close()
  }
}

function previewOf(tables: readonly TableChanges[]): RollbackPreview {
  const changed = tables.filter(({ inserted, updated, deleted }) => inserted + updated + deleted > 0)
  return { total: changed.reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0), tables: changed }
}

function notSwitched(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch back to SQLite',
    message: 'The app was not switched to this PostgreSQL database by a migration.',
    hint: 'Reload the page to see where the app is now.',
  })
}
