import type { Statement } from 'better-sqlite3'
import { z } from 'zod'
import { quoteName } from '@/lib/core/quoted-name'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
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

/** Bytes that rows read at once may have together; a row with more comes in pieces. */
const togetherBytes = 4 * 1024 * 1024
const pieceBytes = 2 * 1024 * 1024
/** A file of this size cannot hold anything that would be too much. */
const smallFileBytes = 16 * 1024 * 1024

/**
 * null for a table that surely has no large row, as nearly every one: a walk over its pages tells
 * (https://sqlite.org/dbstat.html), 0.1 µs a row, and spares the look at each row's size.
 */
export function createLargeRowReader(db: SqliteDatabase, { table, columns }: ReadRequest, encoding: TextEncoding): LargeRowReader | null {
  const fileBytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  if (fileBytes <= smallFileBytes) return null
  const largest = db.prepare('SELECT mx_payload FROM dbstat WHERE name = ? AND aggregate = TRUE').pluck().get(table)
  // Rows are read 256 and more at a time.
  if (typeof largest === 'number' && largest <= togetherBytes / 256) return null

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
      const sizes = prepare(`SELECT ${sizeOf} ${from(place)} LIMIT ?`).pluck()
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
        return readHead(prepare(headSql(column, row)), place.params, stored, encoding)
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

function readHead(
  statement: Statement,
  params: readonly unknown[],
  stored: (at: number, length: number) => Buffer,
  encoding: TextEncoding,
): Head {
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
  // How long a text of UTF-16 is in UTF-8 shows only when all of it was read once.
  const sizeBytes = isDecoded ? totalBytes(pieces()) : storedBytes
  return { start: Buffer.from(`${storageClass === 'text' ? 't' : 'b'}${sizeBytes}:`), sizeBytes, pieces }
}

function* storedPieces(sizeBytes: number, stored: (at: number, length: number) => Buffer): Generator<Buffer> {
  const step = Math.max(8 * pieceBytes, Math.ceil(sizeBytes / 4))
  for (let at = 0; at < sizeBytes; at += step) yield stored(at, step)
}

function* inUtf8(pieces: Iterable<Buffer>, encoding: 'utf16le' | 'utf16be'): Generator<Buffer> {
  const reader = createUtf16Reader(encoding)
  for (const piece of pieces)
    for (let start = 0; start < piece.length; start += pieceBytes) yield reader.read(piece.subarray(start, start + pieceBytes))
  yield reader.end()
}

function totalBytes(pieces: Iterable<Buffer>): number {
  let total = 0
  for (const piece of pieces) total += piece.length
  return total
}

/** SQLite refuses expressions nested deeper than 1,000. */
function balancedSum(parts: readonly string[]): string {
  if (parts.length <= 1) return parts[0] ?? '0'
  const half = Math.ceil(parts.length / 2)
  return `(${balancedSum(parts.slice(0, half))} + ${balancedSum(parts.slice(half))})`
}
