import { quoteName } from '@/lib/core/quoted-name'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import type { ReadRequest, SourceChunk } from './source-protocol'
import { encodeSourceRow } from './source-row'

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
export function createLargeRowReader(db: SqliteDatabase, { table, columns }: ReadRequest): LargeRowReader | null {
  const fileBytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  if (fileBytes <= smallFileBytes) return null
  const largest = db.prepare('SELECT mx_payload FROM dbstat WHERE name = ? AND aggregate = TRUE').pluck().get(table)
  // Rows are read 256 and more at a time.
  if (typeof largest === 'number' && largest <= togetherBytes / 256) return null

  // Lengths stand in the head of a row: nothing of the values is read for them.
  const sizeOf = balancedSum(columns.map(({ name }) => `ifnull(octet_length(${quoteName(name)}), 0)`))
  const from = ({ condition, order }: Place) => `FROM ${quoteName(table)} ${condition} ORDER BY ${order}`
  return {
    countSmall(place, most) {
      const sizes = db.prepare(`SELECT ${sizeOf} ${from(place)} LIMIT ?`).pluck()
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
      const heads = columns.map(({ name }) => readHead(db, quoteName(name), row, place.params))
      const rowBytes = heads.reduce((sum, head) => sum + head.start.length + head.sizeBytes, 0)
      let isFirst = true
      const chunk = (bytes: Uint8Array, rows: number): SourceChunk => {
        const first = isFirst ? { rowBytes } : {}
        isFirst = false
        return { bytes, rows, ...first }
      }
      for (const [index, { name }] of columns.entries()) {
        const head = heads[index]
        if (head === undefined) continue
        yield chunk(head.start, 0)
        // SQLite puts the value together for each substr(), so these are few; what is sent is smaller.
        const step = Math.max(8 * pieceBytes, Math.ceil(head.sizeBytes / 4))
        const read = db.prepare(`SELECT substr(CAST(${quoteName(name)} AS BLOB), ?, ?) ${row}`).pluck()
        for (let at = 0; at < head.sizeBytes; at += step) {
          const bytes = read.get(at + 1, step, ...place.params) as Buffer
          for (let start = 0; start < bytes.length; start += pieceBytes)
            yield chunk(new Uint8Array(bytes.subarray(start, start + pieceBytes)), 0)
        }
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
}

function readHead(db: SqliteDatabase, column: string, row: string, params: readonly unknown[]): Head {
  const isLong = `typeof(${column}) IN ('text', 'blob')`
  const answer = db
    .prepare(`SELECT typeof(${column}), octet_length(${column}), CASE WHEN ${isLong} THEN NULL ELSE ${column} END ${row}`)
    .raw()
    .safeIntegers()
    .get(...params) as [string, bigint | null, bigint | number | null]
  const [storageClass, length, value] = answer
  if (storageClass !== 'text' && storageClass !== 'blob') return { start: encodeSourceRow([value]), sizeBytes: 0 }
  return { start: Buffer.from(`${storageClass === 'text' ? 't' : 'b'}${length}:`), sizeBytes: Number(length) }
}

/** SQLite refuses expressions nested deeper than 1,000. */
function balancedSum(parts: readonly string[]): string {
  if (parts.length <= 1) return parts[0] ?? '0'
  const half = Math.ceil(parts.length / 2)
  return `(${balancedSum(parts.slice(0, half))} + ${balancedSum(parts.slice(half))})`
}
