import { parentPort } from 'node:worker_threads'
import type { SqliteTable } from '@/lib/core/catalogue'
import { AppError, reportError } from '@/lib/core/errors'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { countRows } from '@/lib/sqlite/count-rows'
import { type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { describeSource } from './endpoints'
import { openSourceSnapshot } from './read-snapshot'
import { readChunks } from './source-chunks'
import type { SourceAnswers, SourceChunk, SourceReply, SourceRequest } from './source-protocol'

/*
 * The thread that reads the source. better-sqlite3 is synchronous: here it holds up nobody, and it runs beside the
 * comparison. It answers requests in order and reads ahead only as far as it is asked.
 */

let db: SqliteDatabase | undefined
let tables: readonly SqliteTable[] = []
let chunks: Generator<SourceChunk, void> | undefined

parentPort?.on('message', (request: SourceRequest) => {
  try {
    const value = answer(request)
    const transfer = value !== null && typeof value === 'object' && 'bytes' in value ? transferable(value.bytes) : []
    parentPort?.postMessage({ value } satisfies SourceReply, transfer)
  } catch (error) {
    const known =
      error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE') ? toSqliteError(error, db?.name ?? '') : error
    parentPort?.postMessage({ error: reportError(known) } satisfies SourceReply)
  }
})

function answer(request: SourceRequest): SourceAnswers[keyof SourceAnswers] {
  switch (request.ask) {
    case 'open': {
      db = openSourceSnapshot(request.path)
      const catalogue = readSqliteCatalogue(db)
      tables = catalogue.tables
      return { endpoint: describeSource(db), catalogue }
    }
    case 'count':
      return count(tableNamed(request.table))
    case 'read':
      chunks = readChunks(opened(), tableNamed(request.request.table), request.request)
      return null
    case 'next': {
      const next = chunks?.next()
      return next && !next.done ? next.value : null
    }
    case 'close':
      // A generator that was left in the middle keeps its statement open, and with it the database.
      chunks?.return()
      chunks = undefined
      db?.close()
      db = undefined
      tables = []
      return null
  }
}

function count(table: SqliteTable): number {
  const counting = countRows(opened(), table)
  for (let step = counting.next(); ; step = counting.next()) if (step.done) return step.value
}

function opened(): SqliteDatabase {
  if (!db) throw new AppError({ code: 'INTERNAL', message: 'The source was asked before it was opened.' })
  return db
}

function tableNamed(name: string): SqliteTable {
  const table = tables.find((candidate) => candidate.name === name)
  if (!table) throw new AppError({ code: 'INTERNAL', message: 'The source has no such table.', subject: name })
  return table
}

/** The memory of a chunk may change hands instead of being copied when nothing else lies in it. */
function transferable(bytes: Uint8Array): ArrayBuffer[] {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer] : []
}
