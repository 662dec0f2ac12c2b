import type { Database, Statement } from 'better-sqlite3'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { copyExpression } from './copy-expression'
import { asBytes } from './copy-line'
import type { KeyValue, RowKey } from './row-range'
import { columnReference, quoteName, tableAlias } from './sql-text'
import { inUtf8, pieceExpression, readInPieces } from './value-pieces'

/** Bytes of a value that are escaped or turned into hexadecimal at a time. */
const pieceBytes = 512 * 1024

/** A table being read, with the statements prepared for it so far. */
export interface Source {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  readonly isUtf16: boolean
  readonly statements: Map<string, Statement>
}

/** A statement that answers arrays; prepared once, which for a 200-column table takes longer than reading a page of it. */
export function prepared(source: Source, sql: string): Statement {
  let statement = source.statements.get(sql)
  if (statement === undefined) {
    statement = source.db.prepare(sql).raw().safeIntegers()
    source.statements.set(sql, statement)
  }
  return statement
}

/**
 * The COPY line of one row in pieces, field by field: texts and BLOBs are fetched as they are stored, in pieces where they
 * are long, and encoded here; everything else is small and comes encoded from SQLite.
 */
export function* readLargeRow(source: Source, rowKey: readonly KeyValue[]): Generator<Buffer> {
  const { mapping, isUtf16 } = source
  const columns = mapping.columns.filter((column) => !column.generated)
  const where = source.key.expressions.map((expression) => `${expression} IS ?`).join(' AND ')
  const read = (expression: string, ...params: readonly bigint[]): Buffer | string | bigint => {
    const sql = `SELECT ${expression} FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${where}`
    // The key was read from this snapshot, so the row is there; the expressions answer bytes, a length or the text of typeof().
    const row = prepared(source, sql).get(...params, ...rowKey) as [Buffer | string | bigint]
    return row[0]
  }
  const readRaw = (value: string, encoding: RawEncoding): Iterable<Buffer> => {
    const piece = pieceExpression(value)
    const size = Number(read(`octet_length(${value})`))
    const stored = readInPieces(size, (from, length) => toBuffer(read(piece, BigInt(from + 1), BigInt(length))))
    return isUtf16 && encoding === 'escape' ? inUtf8(stored, source.db) : stored
  }
  let small: Buffer[] = []
  for (const [index, column] of columns.entries()) {
    const value = columnReference(column.name)
    const encoding = rawEncoding(column, String(read(`typeof(${value})`)))
    if (encoding === null)
      small.push(toBuffer(read(asBytes(copyExpression(column, column.name === mapping.rowidColumn, isUtf16), isUtf16))))
    else {
      if (encoding === 'hexadecimal') small.push(Buffer.from('\\\\x'))
      for (const bytes of readRaw(value, encoding)) {
        for (const piece of encodePieces(bytes, encoding)) {
          small.push(piece)
          if (piece.length < pieceBytes / 2) continue
          yield Buffer.concat(small)
          small = []
        }
      }
    }
    small.push(Buffer.from(index === columns.length - 1 ? '\n' : '\t'))
  }
  yield Buffer.concat(small)
}

type RawEncoding = 'escape' | 'hexadecimal'

/** How a stored value is encoded here, or null where SQLite does it. */
function rawEncoding(column: ColumnMapping, storageClass: string): RawEncoding | null {
  const { kind } = column.value
  if (storageClass === 'text' && (kind === 'text' || kind === 'json')) return 'escape'
  return storageClass === 'blob' && kind === 'bytes' ? 'hexadecimal' : null
}

function* encodePieces(bytes: Buffer, encoding: RawEncoding): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const piece = bytes.subarray(from, from + pieceBytes)
    yield encoding === 'hexadecimal' ? Buffer.from(piece.toString('hex'), 'latin1') : escapeBytes(piece)
  }
}

/** By byte: the letter that stands for it after a backslash, or 0. */
const letters = new Uint8Array(256)
for (const [byte, letter] of [
  [0x5c, 0x5c],
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0d, 0x72],
] as const) {
  letters[byte] = letter
}

/** COPY's escapes on UTF-8 bytes; none of the four is ever part of another character. */
function escapeBytes(piece: Buffer): Buffer {
  const escaped = Buffer.allocUnsafe(piece.length * 2)
  let length = 0
  for (let at = 0; at < piece.length; at += 1) {
    const byte = piece[at] ?? 0
    const letter = letters[byte] ?? 0
    if (letter !== 0) escaped[length++] = 0x5c
    escaped[length++] = letter === 0 ? byte : letter
  }
  return escaped.subarray(0, length)
}

function toBuffer(value: Buffer | string | bigint): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'utf8')
}
