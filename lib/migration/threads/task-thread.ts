/**
 * What runs in a worker thread: all that reads the SQLite file for longer than a moment, and the copy itself. SQLite
 * blocks its thread, and the process's main thread has heartbeats and progress to send. One task at a time.
 */
import { statSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { AppError, reportError } from '@/lib/core/errors'
import { lowerThreadPriority } from '@/lib/core/thread-priority'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { type Fence, lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { nameOversized } from '@/lib/sqlite/name-oversized'
import { openSqlite, type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { profileColumns } from '@/lib/sqlite/profile-columns'
import { checkSlices } from '@/lib/sqlite/values/check-values'
import { checkRanges } from '@/lib/sqlite/values/checked-parts'
import { fenceReasons } from '../fence-reasons'
import { writeRepairList } from '../repairs/list-file'
import { repairDatabase } from '../repairs/repair-database'
import { createChunkCopier, sequentialCache } from './copy-chunk'
import { freePages } from './free-pages'
import { measureTable } from './measure-table'
import type { TaskAnswer, TaskInput, TaskName, TaskOutput, TaskProgress, TaskRequest } from './tasks'
import { beginWatch, endWatch, writeWatched } from './watched-source'

type Handler<N extends TaskName> = (
  input: TaskInput<N>,
  progress: (value: TaskProgress<N>) => void,
) => TaskOutput<N> | Promise<TaskOutput<N>>
type Handlers = { readonly [N in TaskName]: Handler<N> }

const copier = createChunkCopier()

const handlers: Handlers = {
  catalogue: ({ path }) => withDatabase(path, true, readSqliteCatalogue),
  profile: ({ path, table }) =>
    withKeptDatabase(path, (db) => {
      const columns = table.columns.map(({ name }) => name)
      return namingOversized(db, { ...table, table: table.name, columns }, () => profileColumns(db, table))
    }),
  checkRanges: ({ path, mappings }) => withKeptDatabase(path, (db) => mappings.map((mapping) => checkRanges(db, mapping))),
  check: ({ path, mapping, range, uniqueKeys }, progress) =>
    withKeptDatabase(path, (db) => {
      const slices = checkSlices(db, mapping, { range, uniqueKeys })
      const columns = mapping.columns.map(({ name }) => name)
      return namingOversized(db, { ...mapping, columns }, () => {
        for (;;) {
          const step = slices.next()
          if (step.done) return step.value
          progress(step.value)
          freePages(sliceBytes)
        }
      })
    }),
  measure: ({ path, mapping, limits }) => withKeptDatabase(path, (db) => measureTable(db, mapping, limits)),
  copy: (input, progress) => copier.copy(input, progress),
  repair: ({ path, request, listPath }, progress) =>
    withDatabase(path, false, (db) => {
      const repairs = repairDatabase(db, request, progress)
      return { repairs, list: listPath === null ? null : writeRepairList(db, listPath) }
    }),
  watch: ({ path, writable }) => {
    beginWatch(path, writable)
    return undefined
  },
  isUnchanged: ({ path }) => endWatch(path),
  raiseFence: ({ path }) =>
    namingSource(path, () => writeWatched(path, raiseAndCheckpoint)?.result ?? withDatabase(path, false, raiseAndCheckpoint)),
  lowerFence: ({ path }) => withDatabase(path, false, lowerFence),
}

function raiseAndCheckpoint(db: SqliteDatabase): Fence {
  const fence = raiseFence(db, fenceReasons.moving, 'moving')
  // Nothing is written any more: with all of it in the one file, the safety copy can be compared with it byte by byte.
  db.pragma('busy_timeout = 200')
  db.pragma('wal_checkpoint(TRUNCATE)')
  return fence
}

/** About what a slice of the check holds, at most. */
const sliceBytes = 4 * 1024 * 1024

let kept: { readonly path: string; readonly inode: number; readonly db: SqliteDatabase; closing: NodeJS.Timeout } | undefined

/** How long a connection waits for the next table. */
const keptMs = 100

/**
 * A read-only connection that stays open for the next table: each new one reads the whole schema, and with 500 tables that
 * took longer than the tables themselves.
 */
function withKeptDatabase<T>(path: string, use: (db: SqliteDatabase) => T): T {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino ?? 0
  if (kept?.path !== path || kept.inode !== inode) {
    closeKept()
    const db = openSqlite(path, { readonly: true })
    db.pragma(sequentialCache)
    kept = { path, inode, db, closing: setTimeout(closeKept, keptMs) }
  }
  const { db } = kept
  clearTimeout(kept.closing)
  try {
    return namingSource(path, () => use(db))
  } finally {
    kept.closing = setTimeout(closeKept, keptMs)
  }
}

interface NamedTable {
  readonly table: string
  readonly columns: readonly string[]
  readonly primaryKey: readonly string[]
  readonly withoutRowid: boolean
}

/** SQLite says only that something is too large; people need table, column and key. */
function namingOversized<T>(db: SqliteDatabase, { table, columns, primaryKey, withoutRowid }: NamedTable, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'SQLITE_TOOBIG'
    const key = primaryKey.length === 1 ? (primaryKey[0] ?? null) : withoutRowid ? null : 'rowid'
    throw (isTooLarge ? nameOversized(db, table, columns, key) : null) ?? error
  }
}

function closeKept(): void {
  clearTimeout(kept?.closing)
  kept?.db.close()
  kept = undefined
}

function withDatabase<T>(path: string, readonly: boolean, use: (db: SqliteDatabase) => T): T {
  const db = openSqlite(path, { readonly })
  try {
    return namingSource(path, () => use(db))
  } finally {
    db.close()
  }
}

function namingSource<T>(path: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw asSourceError(error, path)
  }
}

function asSourceError(error: unknown, path: string): unknown {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_') ? toSqliteError(error, path) : error
}

async function run<N extends TaskName>(name: N, input: TaskInput<N>): Promise<void> {
  const answer = (message: TaskAnswer) => parentPort?.postMessage(message)
  try {
    const handler: Handler<N> = handlers[name]
    answer({ type: 'done', value: await handler(input, (value) => answer({ type: 'progress', value })) })
  } catch (error) {
    const { code, message, hint, subject, retryable } = reportError(error)
    const operation = error instanceof AppError ? error.operation : undefined
    answer({ type: 'failed', error: { code, message, hint, subject, retryable, operation } })
  }
}

lowerThreadPriority()
// The messages come from task-pool.ts of the same version and are typed there.
parentPort?.on('message', (request: TaskRequest) => void run(request.name, request.input as TaskInput<TaskName>))
