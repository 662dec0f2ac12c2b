import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { qualifiedName, quoteName, quoteNames } from '@/lib/core/quoted-name'
import { connectPostgres, sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { bookkeepingSchema } from '@/lib/postgres/copy-mark'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { copyColumns, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { readCopyPages } from '@/lib/sqlite/values/copy-pages'
import { type RowRange, rangeClause, rowKeyOf } from '@/lib/sqlite/values/row-range'
import type { Chunk, TaskInput, TaskOutput, TaskProgress } from './tasks'

export interface ChunkCopier {
  copy(input: TaskInput<'copy'>, progress: (value: TaskProgress<'copy'>) => void): Promise<TaskOutput<'copy'>>
}

/** Lines are handed to the socket in pieces of this size: large enough to be few, small enough to stay in the cache. */
const pieceBytes = 256 * 1024
const progressIntervalMs = 200

/** Keeps its two connections between chunks of the same databases. */
export function createChunkCopier(): ChunkCopier {
  let open: { readonly path: string; readonly targetUrl: string; readonly db: SqliteDatabase; readonly client: pg.Client } | undefined
  return {
    async copy(input, progress) {
      if (open?.path !== input.path || open.targetUrl !== input.targetUrl) {
        open?.db.close()
        await open?.client.end()
        const db = openSqlite(input.path, { readonly: true })
        registerCopyFunctions(db)
        const client = await connectPostgres(input.targetUrl, { applicationName: input.applicationName })
        // Losing the last commits in a crash of the server is harmless: the mark still says "copying".
        await client.query('SET synchronous_commit = off')
        open = { path: input.path, targetUrl: input.targetUrl, db, client }
      }
      return copyChunk(open.db, open.client, input, progress)
    },
  }
}

/** One chunk, its resume position included, in one transaction of PostgreSQL. */
async function copyChunk(
  db: SqliteDatabase,
  client: pg.Client,
  input: TaskInput<'copy'>,
  progress: (value: TaskProgress<'copy'>) => void,
): Promise<TaskOutput<'copy'>> {
  const { chunk } = input
  const { mapping } = chunk
  try {
    await client.query('BEGIN')
    const columns = copyColumns(mapping)
    const list = columns.length === 0 ? '' : ` (${quoteNames(columns)})`
    const stream = client.query(copyFrom(`COPY ${qualifiedName(mapping.targetSchema, mapping.table)}${list} FROM STDIN`))
    const sent = await sendLines(db, stream, input, progress)
    await client.query(`INSERT INTO ${bookkeepingSchema}.chunk VALUES ($1, $2, $3, $4)`, [
      mapping.table,
      chunk.number,
      sent.rows,
      sent.bytes,
    ])
    await client.query('COMMIT')
    return sent
  } catch (error) {
    const isAlive = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    )
    if (error instanceof pg.DatabaseError) throw refusedRow(db, chunk, error)
    // A cut connection shows in many ways, depending on what was under way; that ROLLBACK fails too is common to all.
    throw toPostgresError(error, mapping.table, isAlive ? 'COPY_FAILED' : 'TARGET_CONNECTION_LOST')
  }
}

async function sendLines(
  db: SqliteDatabase,
  stream: Writable,
  input: TaskInput<'copy'>,
  progress: (value: TaskProgress<'copy'>) => void,
): Promise<TaskOutput<'copy'>> {
  const ended = finished(stream)
  // Looked at when it is awaited below; until then a failure must not count as unhandled.
  ended.catch(() => undefined)
  let rows = 0
  let bytes = 0
  let reportedAt = performance.now()
  let piece: Buffer[] = []
  let size = 0
  const flush = async () => {
    const full = !stream.write(Buffer.concat(piece, size))
    bytes += size
    piece = []
    size = 0
    // Also without backpressure the loop must turn, so that errors of the server are seen.
    if (full) await Promise.race([once(stream, 'drain'), ended])
    else await new Promise(setImmediate)
    const now = performance.now()
    if (now - reportedAt >= progressIntervalMs) {
      progress({ rows, bytes })
      reportedAt = now
    }
  }
  try {
    for (const page of readCopyPages(db, input.chunk.mapping, rangeOf(input.chunk))) {
      piece.push(page.data)
      size += page.data.length
      rows += page.rows
      if (size >= pieceBytes) await flush()
    }
    if (size > 0) await flush()
    stream.end()
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
    await ended.catch(() => undefined)
    throw error
  }
  await ended
  return { rows, bytes }
}

function rangeOf(chunk: Chunk): RowRange {
  return { ...(chunk.after === null ? {} : { after: chunk.after }), ...(chunk.upTo === null ? {} : { upTo: chunk.upTo }) }
}

/** PostgreSQL names the line; people need table, column and key. Its own text may quote the value and is not passed on. */
function refusedRow(db: SqliteDatabase, chunk: Chunk, error: pg.DatabaseError): AppError {
  const { table } = chunk.mapping
  const known = toPostgresError(error, table, 'COPY_FAILED')
  const state = sqlStateOf(error) ?? ''
  if (!state.startsWith('22') && !state.startsWith('23')) return known
  const line = Number(/, line (\d+)/.exec(error.where ?? '')?.[1] ?? 0)
  const column = error.column ?? /, column ([^:]+)(?::|$)/.exec(error.where ?? '')?.[1]
  const key = line > 0 ? printableKey(db, chunk, line) : null
  const rule = error.constraint === undefined ? '' : ` (rule ${error.constraint})`
  return new AppError({
    code: 'TARGET_REFUSED_ROW',
    operation: 'copy table',
    subject: [table, column, key].filter((part) => part != null).join(' · '),
    message: `PostgreSQL refused a row of ${table}${column ? `, column ${column}` : ''}${key ? `, row ${key}` : ''}${rule}: ${reasons[state] ?? `SQLSTATE ${state}`}.`,
    hint: 'Correct this row in the source, or the type of the column in the model, then start again.',
    cause: error,
  })
}

const reasons: Readonly<Record<string, string>> = {
  '22001': 'the text is too long for the column',
  '22003': 'the number is out of range',
  '22007': 'the date or time cannot be read',
  '22008': 'the date or time is out of range',
  '22021': 'the text is not valid UTF-8',
  '22P02': 'the value does not have the form of the column’s type',
  '22P05': 'a character cannot be stored',
  '23502': 'the column must not be NULL',
  '23505': 'the key exists twice',
  '23514': 'a CHECK constraint is not met',
}

function printableKey(db: SqliteDatabase, chunk: Chunk, line: number): string | null {
  const { mapping } = chunk
  const key = rowKeyOf(mapping)
  const range = rangeClause(key, rangeOf(chunk))
  const names = mapping.primaryKey.length > 0 ? mapping.primaryKey : ['rowid']
  const alias = key.expressions[0]?.replace(/\..*$/, '')
  if (alias === undefined || key.kind === 'none') return null
  const columns = mapping.primaryKey.length > 0 ? names.map((name) => `${alias}.${quoteName(name)}`) : key.expressions
  const sql = `SELECT ${columns.join(', ')} FROM ${quoteName(mapping.table)} AS ${alias}${range.where}${range.orderBy} LIMIT 1 OFFSET ${line - 1}`
  const row = z
    .array(z.unknown())
    .optional()
    .parse(
      db
        .prepare(sql)
        .raw()
        .safeIntegers()
        .get(...range.params),
    )
  return row ? names.map((name, index) => `${name}=${String(row[index]).slice(0, 200)}`).join(', ') : null
}
