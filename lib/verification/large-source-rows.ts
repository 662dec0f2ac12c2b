import { createHash } from 'node:crypto'
import type { Statement } from 'better-sqlite3'
import { z } from 'zod'
import { quoteName } from '@/lib/core/quoted-name'
import { releaseBuffers } from '@/lib/core/release-buffers'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { limitParameter } from '@/lib/sqlite/values/sql-text'
import { digestStoredJson } from './long-json'
import { longValueBytes, standInOf, togetherBytes } from './long-values'
import type { ReadRequest, SourceChunk } from './source-protocol'
import { encodeSourceRow } from './source-row'
import { createUtf16Reader, type TextEncoding } from './utf16-text'

/** How the file stores its texts. */
export function textEncoding(db: SqliteDatabase): TextEncoding {
  switch (db.pragma('encoding', { simple: true })) {
    case 'UTF-8':
      return 'utf8'
    case 'UTF-16be':
      return 'utf16be'
    default:
      return 'utf16le'
  }
}

/** Where reading stands: what comes next are the rows that meet the condition, in this order. */
export interface Place {
  readonly condition: string
  readonly order: string
  readonly params: readonly unknown[]
}

/** Reads rows that are too large to be joined with others, or by SQLite at all, in pieces. */
export interface LargeRowReader {
  /** How many of the next rows may be read at once: up to `most`, 0 when the first is large itself; null when there is none. */
  countSmall(place: Place, most: number): number | null
  /** The first row of what comes next. */
  readFirst(place: Place): Generator<SourceChunk, void>
}

const pieceBytes = 2 * 1024 * 1024
/** A file of this size cannot hold anything that would be too much. */
const smallFileBytes = 16 * 1024 * 1024

/** Bytes that no row of the table exceeds, by a walk over its pages (https://sqlite.org/dbstat.html), 0.1 µs a row; 0 in a small file. */
export function largestRowBytes(db: SqliteDatabase, table: string): number {
  const fileBytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  if (fileBytes <= smallFileBytes) return 0
  const known = largestRows.get(db) ?? new Map<string, number>()
  largestRows.set(db, known)
  const largest =
    known.get(table) ??
    z
      .number()
      .catch(Number.POSITIVE_INFINITY)
      .parse(db.prepare('SELECT mx_payload FROM dbstat WHERE name = ? AND aggregate = TRUE').pluck().get(table))
  known.set(table, largest)
  return largest
}

/** A snapshot does not change while it is open. */
const largestRows = new WeakMap<SqliteDatabase, Map<string, number>>()

/**
 * null for a table that surely has no large row, as nearly every one: that spares the look at each row's size.
 */
export function createLargeRowReader(
  db: SqliteDatabase,
  { table, columns, long }: ReadRequest,
  encoding: TextEncoding,
): LargeRowReader | null {
  // Rows are read 256 and more at a time.
  if (largestRowBytes(db, table) <= togetherBytes / 256) return null

  // Lengths stand in the head of a row: nothing of the values is read for them.
  const sizeOf = balancedSum(columns.map(({ name }) => `ifnull(octet_length(${quoteName(name)}), 0)`))
  const from = ({ condition, order }: Place) => `FROM ${quoteName(table)} ${condition} ORDER BY ${order}`
  const statements = new Map<string, Statement>()
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare(sql)
    statements.set(sql, known)
    return known
  }
  return {
    countSmall(place, most) {
      const sizes = prepare(`SELECT ${sizeOf} ${from(place)} LIMIT ${limitParameter}`).pluck()
      let count = 0
      let total = 0
      for (const size of sizes.iterate(...place.params, most)) {
        total += Number(size)
        if (total > togetherBytes) return count
        count += 1
      }
      return count === 0 ? null : count
    },
    *readFirst(place) {
      const row = `${from(place)} LIMIT 1`
      const heads = columns.map(({ name }) => {
        const column = quoteName(name)
        // SQLite puts the value together for each substr(), so these are few; what is sent is smaller.
        const read = prepare(`SELECT substr(CAST(${column} AS BLOB), ?, ?) ${row}`).pluck()
        const stored = (at: number, length: number) => z.instanceof(Buffer).parse(read.get(at + 1, length, ...place.params))
        const isJson = long?.jsonColumns.includes(name) ?? false
        const mark = long && (isJson || long.columns.includes(name)) ? long.mark : null
        return readHead(prepare(headSql(column, row)), place.params, { stored, encoding, mark, isJson })
      })
      const rowBytes = heads.reduce((sum, head) => sum + head.start.length + head.sizeBytes, 0)
      let isFirst = true
      const chunk = (bytes: Uint8Array, rows: number): SourceChunk => {
        const first = isFirst ? { rowBytes } : {}
        isFirst = false
        return { bytes, rows, ...first }
      }
      for (const head of heads) {
        yield chunk(head.start, 0)
        for (const bytes of head.pieces())
          for (let start = 0; start < bytes.length; start += pieceBytes)
            yield chunk(new Uint8Array(bytes.subarray(start, start + pieceBytes)), 0)
      }
      yield chunk(new Uint8Array(0), 1)
    },
  }
}

interface Head {
  /** The field up to its bytes; all of it where it is a number or NULL. */
  readonly start: Buffer
  /** Of the text or BLOB that follows. */
  readonly sizeBytes: number
  /** These bytes, read anew. */
  readonly pieces: () => Iterable<Buffer>
}

function headSql(column: string, row: string): string {
  const isLong = `typeof(${column}) IN ('text', 'blob')`
  return `SELECT typeof(${column}), octet_length(${column}), CASE WHEN ${isLong} THEN NULL ELSE ${column} END ${row}`
}

const headRow = z.tuple([z.string(), z.bigint().nullable(), z.union([z.bigint(), z.number(), z.null()])])

/** How a value is read. With a mark it comes as its digest when it is long. */
interface Reading {
  readonly stored: (at: number, length: number) => Buffer
  readonly encoding: TextEncoding
  readonly mark: string | null
  readonly isJson: boolean
}

function readHead(statement: Statement, params: readonly unknown[], { stored, encoding, mark, isJson }: Reading): Head {
  const [storageClass, length, value] = headRow.parse(
    statement
      .raw()
      .safeIntegers()
      .get(...params),
  )
  if (storageClass !== 'text' && storageClass !== 'blob') return { start: encodeSourceRow([value]), sizeBytes: 0, pieces: () => [] }
  const storedBytes = Number(length)
  const isDecoded = storageClass === 'text' && encoding !== 'utf8'
  const pieces = () => (isDecoded ? inUtf8(storedPieces(storedBytes, stored), encoding) : storedPieces(storedBytes, stored))
  const letter = storageClass === 'text' ? 't' : 'b'
  const mayBeDigested = mark !== null && storedBytes > longValueBytes / 1.5
  if (isJson && mayBeDigested) {
    const standIn = standInOf(mark, digestStoredJson(pieces, storageClass === 'blob'))
    return { start: Buffer.concat([Buffer.from(`t${standIn.length}:`), standIn]), sizeBytes: 0, pieces: () => [] }
  }
  if (!isDecoded && !(mayBeDigested && storedBytes > longValueBytes))
    return { start: Buffer.from(`${letter}${storedBytes}:`), sizeBytes: storedBytes, pieces }
  // How long a text of UTF-16 is in UTF-8 shows only when all of it was read once.
  const { sizeBytes, digest } = digestOfPieces(pieces())
  if (!mayBeDigested || sizeBytes <= longValueBytes) return { start: Buffer.from(`${letter}${sizeBytes}:`), sizeBytes, pieces }
  const text = `${mark}${digest}`
  return { start: Buffer.from(`${letter}${text.length}:${text}`), sizeBytes: 0, pieces: () => [] }
}

function* storedPieces(sizeBytes: number, stored: (at: number, length: number) => Buffer): Generator<Buffer> {
  const step = Math.max(2 * pieceBytes, Math.ceil(sizeBytes / 24))
  for (let at = 0; at < sizeBytes; at += step) {
    yield stored(at, step)
    releaseBuffers()
  }
}

function* inUtf8(pieces: Iterable<Buffer>, encoding: 'utf16le' | 'utf16be'): Generator<Buffer> {
  const reader = createUtf16Reader(encoding)
  for (const piece of pieces)
    for (let start = 0; start < piece.length; start += pieceBytes) yield reader.read(piece.subarray(start, start + pieceBytes))
  yield reader.end()
}

function digestOfPieces(pieces: Iterable<Buffer>): { readonly sizeBytes: number; readonly digest: string } {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for (const piece of pieces) {
    hash.update(piece)
    sizeBytes += piece.length
  }
  return { sizeBytes, digest: hash.digest('hex') }
}

/** SQLite refuses expressions nested deeper than 1,000. */
function balancedSum(parts: readonly string[]): string {
  if (parts.length <= 1) return parts[0] ?? '0'
  const half = Math.ceil(parts.length / 2)
  return `(${balancedSum(parts.slice(0, half))} + ${balancedSum(parts.slice(half))})`
}
