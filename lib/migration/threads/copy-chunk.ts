import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { qualifiedName, quoteName, quoteNames } from '@/lib/core/quoted-name'
import { connectPostgres, destroy, sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { bookkeepingSchema } from '@/lib/postgres/copy-mark'
import { placeInCopy } from '@/lib/postgres/copy-place'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { copyColumns, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { readCopyPages } from '@/lib/sqlite/values/copy-pages'
import { type RowRange, rangeClause, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { boundsOf } from '../chunks'
import { freePages } from './free-pages'
import type { Chunk, TaskInput, TaskOutput, TaskProgress } from './tasks'

export interface ChunkCopier {
  copy(input: TaskInput<'copy'>, progress: (value: TaskProgress<'copy'>) => void): Promise<TaskOutput<'copy'>>
}

/** Lines are handed to the socket in pieces of this size: large enough to be few, small enough to stay in the cache. */
const pieceBytes = 128 * 1024
const progressIntervalMs = 200

/** In KiB: every page is read once and in order, so more than a path down the tree and some room to read ahead serves nobody. */
export const sequentialCache = 'cache_size = -2048'

/** The server not taking a byte for so long means that nobody is there any more. */
const stallLimitMs = 60_000

interface OpenCopy {
  readonly path: string
  readonly targetUrl: string
  readonly epoch: number
  readonly db: SqliteDatabase
  readonly client: pg.Client
}

/** Keeps its two connections between chunks of the same databases, until PostgreSQL's is cut. */
export function createChunkCopier(): ChunkCopier {
  let open: OpenCopy | undefined
  const close = () => {
    open?.db.close()
    if (open) destroy(open.client)
    open = undefined
  }
  return {
    async copy(input, progress) {
      const { path, targetUrl, epoch, applicationName } = input
      if (open?.path !== path || open.targetUrl !== targetUrl || open.epoch !== epoch) {
        close()
        const client = await connectPostgres(targetUrl, { applicationName })
        // Not waited for chunk by chunk: a crash of the server takes away rows and positions alike, the last ones first,
        // and the end of the phase waits for all of them at once.
        await client.query('SET synchronous_commit = off').catch((error: unknown) => {
          destroy(client)
          throw lost(input.chunk.mapping.table, error)
        })
        const db = openSqlite(path, { readonly: true })
        db.pragma(sequentialCache)
        registerCopyFunctions(db)
        open = { path, targetUrl, epoch, db, client }
      }
      try {
        return await copyChunk(open, input, progress)
      } catch (error) {
        if (error instanceof AppError && error.code === 'TARGET_CONNECTION_LOST') close()
        throw error
      }
    },
  }
}

/** One chunk, its resume position included, in one transaction of PostgreSQL. */
async function copyChunk(
  open: OpenCopy,
  input: TaskInput<'copy'>,
  progress: (value: TaskProgress<'copy'>) => void,
): Promise<TaskOutput<'copy'>> {
  const { db, client } = open
  const { chunk } = input
  const { mapping } = chunk
  try {
    await client.query('BEGIN')
    const columns = copyColumns(mapping)
    const list = columns.length === 0 ? '' : ` (${quoteNames(columns)})`
    const table = qualifiedName(mapping.targetSchema, mapping.table)
    const freeze = input.isFrozen && (await emptiedToFreeze(client, table)) ? ' (FREEZE)' : ''
    const stream = client.query(copyFrom(`COPY ${table}${list} FROM STDIN${freeze}`))
    const sent = await sendLines(open, stream, input, progress)
    // Its key is the last word on "never twice": should a session that was taken for dead commit this chunk after all, this fails.
    await client.query(`INSERT INTO ${bookkeepingSchema}.chunk (table_name, chunk, bounds, rows, bytes) VALUES ($1, $2, $3, $4, $5)`, [
      mapping.table,
      chunk.number,
      boundsOf(chunk),
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
    if (error instanceof pg.DatabaseError && error.schema !== bookkeepingSchema) throw refusedRow(db, chunk, error)
    // A cut connection shows in many ways, depending on what was under way; that ROLLBACK fails too is common to all.
    if (!isAlive || error instanceof pg.DatabaseError) throw lost(mapping.table, error)
    throw toPostgresError(error, mapping.table, 'COPY_FAILED')
  }
}

/**
 * Empties a table that is empty already, after which rows of the same transaction may be written frozen and their pages marked as seen by all:
 * nobody has to write them again, neither the first index nor a later VACUUM. Only for ordinary tables
 * (https://www.postgresql.org/docs/current/sql-copy.html, FREEZE).
 */
async function emptiedToFreeze(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query(`SELECT FROM pg_class WHERE oid = $1::regclass AND relkind = 'r'`, [table])
  if (rows.length > 0) await client.query(`TRUNCATE ONLY ${table}`)
  return rows.length > 0
}

async function sendLines(
  { db, client }: OpenCopy,
  stream: Writable,
  input: TaskInput<'copy'>,
  progress: (value: TaskProgress<'copy'>) => void,
): Promise<TaskOutput<'copy'>> {
  const ended = finished(stream)
  // Looked at when it is awaited below; until then a failure must not count as unhandled.
  ended.catch(() => undefined)
  // The driver's stream says that the server has refused, and then takes further writes and fails over its own feet.
  let refusal: Error | undefined
  stream.once('error', (error) => {
    refusal = error
  })
  let rows = 0
  let bytes = 0
  let reportedAt = performance.now()
  let piece: Buffer[] = []
  let size = 0
  const flush = async () => {
    const full = !stream.write(piece.length === 1 ? piece[0] : Buffer.concat(piece, size))
    bytes += size
    freePages(size)
    piece = []
    size = 0
    // Also without backpressure the loop must turn, so that errors of the server are seen.
    if (full) await drained(stream, ended, client)
    else await new Promise(setImmediate)
    if (refusal) throw refusal
    const now = performance.now()
    if (now - reportedAt >= progressIntervalMs) {
      progress({ rows, bytes })
      reportedAt = now
    }
  }
  try {
    const { mapping, mayNeedPieces, carried } = input.chunk
    for (const page of readCopyPages(db, mapping, { ...rangeOf(input.chunk), mayNeedPieces, carried })) {
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
    throw refusal ?? error
  }
  await ended
  return { rows, bytes }
}

/** Waits until the socket takes more; one that does not for a long time is closed, which `ended` then tells. */
async function drained(stream: Writable, ended: Promise<void>, client: pg.Client): Promise<void> {
  const stalled = setTimeout(() => destroy(client), stallLimitMs)
  try {
    await Promise.race([once(stream, 'drain'), ended])
  } finally {
    clearTimeout(stalled)
  }
}

function rangeOf(chunk: Chunk): RowRange {
  return { ...(chunk.after === null ? {} : { after: chunk.after }), ...(chunk.upTo === null ? {} : { upTo: chunk.upTo }) }
}

/** Also for a chunk that is there already: in both cases the positions on the target are to be read again. */
function lost(table: string, cause: unknown): AppError {
  const known = toPostgresError(cause, table)
  if (known.code === 'TARGET_CONNECTION_LOST' || known.code === 'TARGET_UNREACHABLE') return known
  return new AppError({
    code: 'TARGET_CONNECTION_LOST',
    operation: 'copy table',
    subject: table,
    message: 'The connection to PostgreSQL was cut.',
    hint: 'Check that the server is up and the network steady, then start again.',
    retryable: true,
    cause,
  })
}

/** PostgreSQL names the line; people need table, column and key. Its own text may quote the value and is not passed on. */
function refusedRow(db: SqliteDatabase, chunk: Chunk, error: pg.DatabaseError): AppError {
  const { table } = chunk.mapping
  const known = toPostgresError(error, table, 'COPY_FAILED')
  const state = sqlStateOf(error) ?? ''
  if (!state.startsWith('22') && !state.startsWith('23')) return known
  const { line, column } = placeInCopy(error)
  const key = line === null ? null : printableKey(db, chunk, line)
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
