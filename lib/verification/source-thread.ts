import { parentPort } from 'node:worker_threads'
import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { AppError, type ErrorReport, reportError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import { lowerThreadPriority } from '@/lib/core/thread-priority'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { type SqliteDatabase, toSqliteError } from '@/lib/sqlite/open-database'
import { describeSource } from './endpoints'
import { holdsLongValues, readChunks } from './source-chunks'
import type { SourceAnswers, SourceChunk, SourceReply, SourceRequest } from './source-protocol'
import { openSourceSnapshot } from './source-snapshot'

/*
 * The thread that reads the source. better-sqlite3 is synchronous: here it holds up nobody, and it runs beside the
 * comparison. It answers requests in order and reads ahead only as far as it is asked.
 */

let db: SqliteDatabase | undefined
let tables: readonly SqliteTable[] = []
let chunks: Generator<SourceChunk, void> | undefined

lowerThreadPriority()
parentPort?.on('message', (request: SourceRequest) => {
  try {
    const value = answer(request)
    const transfer =
      value !== null && typeof value === 'object' && 'bytes' in value && value.bytes !== null ? transferable(value.bytes) : []
    parentPort?.postMessage({ value } satisfies SourceReply, transfer)
  } catch (error) {
    parentPort?.postMessage({ error: reportError(known(error)) } satisfies SourceReply)
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
      return new Map(request.tables.map((name) => [name, count(tableNamed(name))]))
    case 'holdsLong':
      return holdsLongValues(opened(), tableNamed(request.request.table), request.request)
    case 'read':
      chunks = readChunks(opened(), tableNamed(request.request.table), request.request)
      return null
    case 'next': {
      const next = chunks?.next()
      return next && !next.done ? putInto(request.room, next.value) : null
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

/** Nothing is allocated on the other side for a chunk that has room: a collection of garbage there would hold up the comparison. */
function putInto(room: SharedArrayBuffer, { bytes, ...chunk }: SourceChunk): SourceAnswers['next'] {
  if (bytes.length > room.byteLength) return { ...chunk, bytes, length: bytes.length }
  new Uint8Array(room).set(bytes)
  return { ...chunk, bytes: null, length: bytes.length }
}

/** In one statement, for which SQLite reads no rows: it adds up what each page says that it holds. */
function count(table: SqliteTable): number | ErrorReport {
  try {
    return z.number().parse(
      opened()
        .prepare(`SELECT count(*) FROM ${quoteName(table.name)}`)
        .pluck()
        .get(),
    )
  } catch (error) {
    return reportError(known(error))
  }
}

function known(error: unknown): unknown {
  const isSqlite = error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE')
  return isSqlite ? toSqliteError(error, db?.name ?? '') : error
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
