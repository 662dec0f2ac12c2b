/**
 * What runs in a worker thread: all that reads the SQLite file for longer than a moment, and the copy itself. SQLite
 * blocks its thread, and the process's main thread has heartbeats and progress to send. One task at a time.
 */
import { parentPort } from 'node:worker_threads'
import { z } from 'zod'
import { AppError, reportError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { lowerFence, raiseFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { profileColumns } from '@/lib/sqlite/profile-columns'
import { checkSlices } from '@/lib/sqlite/values/check-values'
import { rowKeyOf } from '@/lib/sqlite/values/row-range'
import { fenceReasons } from '../fence-reasons'
import { writeRepairList } from '../repairs/list-file'
import { repairDatabase } from '../repairs/repair-database'
import { createChunkCopier } from './copy-chunk'
import type { TableExtent, TaskAnswer, TaskInput, TaskName, TaskOutput, TaskProgress, TaskRequest } from './tasks'

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
  measure: ({ path, mappings }) => withDatabase(path, true, (db) => mappings.map((mapping) => measure(db, mapping))),
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

const extentRow = z.object({ rows: z.bigint(), first: z.bigint().nullable(), last: z.bigint().nullable() })

function measure(db: SqliteDatabase, mapping: TableMapping): TableExtent {
  const key = rowKeyOf(mapping)
  const table = `${quoteName(mapping.table)} AS t`
  const expression = key.kind === 'rowid' ? key.expressions[0].replace(/^.*?\./, 't.') : 'NULL'
  // Two reads: count(*) alone takes the smallest index, min and max alone go to the ends of the tree.
  const rows = db.prepare(`SELECT count(*) AS rows FROM ${table}`).safeIntegers().get()
  const ends = db
    .prepare(`SELECT (SELECT min(${expression}) FROM ${table}) AS first, (SELECT max(${expression}) FROM ${table}) AS last`)
    .safeIntegers()
    .get()
  const extent = extentRow.parse({ ...z.record(z.string(), z.unknown()).parse(rows), ...z.record(z.string(), z.unknown()).parse(ends) })
  return { rows: Number(extent.rows), firstRowid: extent.first, lastRowid: extent.last }
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
