/**
 * What runs in a worker thread: all that reads the SQLite file for longer than a moment, and the copy itself. SQLite
 * blocks its thread, and the process's main thread has heartbeats and progress to send. One task at a time.
 */
import { parentPort } from 'node:worker_threads'
import { AppError, reportError } from '@/lib/core/errors'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { profileColumns } from '@/lib/sqlite/profile-columns'
import { checkSlices } from '@/lib/sqlite/values/check-values'
import { fenceReasons } from '../fence-reasons'
import { writeRepairList } from '../repairs/list-file'
import { repairDatabase } from '../repairs/repair-database'
import { createChunkCopier } from './copy-chunk'
import { measureTable } from './measure-table'
import type { TaskAnswer, TaskInput, TaskName, TaskOutput, TaskProgress, TaskRequest } from './tasks'

type Handler<N extends TaskName> = (
  input: TaskInput<N>,
  progress: (value: TaskProgress<N>) => void,
) => TaskOutput<N> | Promise<TaskOutput<N>>
type Handlers = { readonly [N in TaskName]: Handler<N> }

const copier = createChunkCopier()

const handlers: Handlers = {
  catalogue: ({ path }) => withDatabase(path, true, readSqliteCatalogue),
  profile: ({ path, table }) => withDatabase(path, true, (db) => profileColumns(db, table)),
  check: ({ path, mapping, uniqueKeys }, progress) =>
    withDatabase(path, true, (db) => {
      const slices = checkSlices(db, mapping, { uniqueKeys })
      for (;;) {
        const step = slices.next()
        if (step.done) return step.value
        progress(step.value)
      }
    }),
  measure: ({ path, mappings, limits }) => withDatabase(path, true, (db) => mappings.map((mapping) => measureTable(db, mapping, limits))),
  copy: (input, progress) => copier.copy(input, progress),
  repair: ({ path, request, listPath }, progress) =>
    withDatabase(path, false, (db) => {
      const repairs = repairDatabase(db, request, progress)
      return { repairs, list: listPath === null ? null : writeRepairList(db, listPath) }
    }),
  raiseFence: ({ path }) =>
    withDatabase(path, false, (db) => {
      const fence = raiseFence(db, fenceReasons.moving, 'moving')
      // Nothing is written any more: with all of it in the one file, the safety copy can be compared with it byte by byte.
      db.pragma('busy_timeout = 200')
      db.pragma('wal_checkpoint(TRUNCATE)')
      return fence
    }),
  lowerFence: ({ path }) => withDatabase(path, false, lowerFence),
}

function withDatabase<T>(path: string, readonly: boolean, use: (db: SqliteDatabase) => T): T {
  const db = openSqlite(path, { readonly })
  try {
    return use(db)
  } catch (error) {
    throw error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_') ? toSqliteError(error, path) : error
  } finally {
    db.close()
  }
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

// The messages come from task-pool.ts of the same version and are typed there.
parentPort?.on('message', (request: TaskRequest) => void run(request.name, request.input as TaskInput<TaskName>))
