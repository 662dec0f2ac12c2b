import type { Database, Statement } from 'better-sqlite3'
import type { TableMapping } from '@/lib/core/table-mapping'
import { type CarriedColumn, noneCarried } from './carried-evidence'
import { registerCopyFunctions } from './copy-functions'
import { copySelect } from './copy-line'
import { prepared, readLargeRow, type Source } from './large-row'
import { largestRowBytes } from './largest-row'
import { createPageReader, type JoinedPage, type PageReader, sizeExpression } from './plain-page'
import { endOfSlice, type KeyValue, type RowRange, rangeClause, rowKeyOf } from './row-range'
import { quoteName, tableAlias } from './sql-text'

/** A piece of COPY data. Pieces are sent in order; a very large row spans several. */
export interface CopyPage {
  readonly data: Buffer
  /** Lines that end in this piece. */
  readonly rows: number
  /** Set when all rows up to this key, and none beyond it, have been given: where reading may go on after a break. */
  readonly resumeAfter: readonly KeyValue[] | null
}

export interface CopyPageOptions extends RowRange {
  /** Size that a page should have. Default: 1 MiB. */
  readonly targetBytes?: number
  /** Whether a row may be too large for a page (`needsPieces`), for who reads a table in several ranges. Default: asked of the file. */
  readonly mayNeedPieces?: boolean
  /** Columns for which checkSlices has vouched, on the very same values. Default: none, and each page brings its own evidence. */
  readonly carried?: readonly CarriedColumn[]
}

/** A row whose texts and bytes are larger than this is left out of its page and read by itself. */
const largeRowBytes = 64 * 1024
/** With largeRowBytes, the bound of a page: 64 MiB, reached only where very small rows turn into rows of 64 kilobytes. */
const maxPageRows = 1024

/** Whether rows of up to so many bytes may be too large for a page. */
export function needsPieces(largestRow: number): boolean {
  return largestRow > largeRowBytes
}

/**
 * Reads a table, or a range of its keys, as COPY data in pages of about a mebibyte that SQLite builds whole with
 * group_concat(): one crossing into JavaScript a page. Measured as CPU time on 300,000 rows of ten columns (337 bytes a
 * line), on a two-core machine under load: pages 4.3 to 5.9 µs a row; copySelect line by line 6.7 to 6.9 µs (2.6 µs of it
 * for making a Buffer of each); raw() rows encoded in JavaScript by the same converters 11.5 µs. CSV would save three of
 * four escapes and was left: COPY's text format has no quoting state that a damaged value could leave open.
 *
 * Memory is bounded whatever the rows are: a large row is taken
 * value by value and sent in pieces, so that a 100 MB BLOB exists twice at most (in SQLite and in JavaScript), never in
 * hexadecimal as a whole. Rows come in the order of the key. Blocks its thread for one page at a time.
 */
export function* readCopyPages(db: Database, mapping: TableMapping, options: CopyPageOptions = {}): Generator<CopyPage> {
  registerCopyFunctions(db)
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  const key = rowKeyOf(mapping)
  if (key.kind === 'none') {
    yield* readUnkeyed(db, mapping, isUtf16)
    return
  }
  const target = options.targetBytes ?? 1024 * 1024
  const source: Source = { db, mapping, key, isUtf16, statements: new Map<string, Statement>() }
  const reader = createPageReader({
    ...source,
    key,
    carried: options.carried ?? noneCarried,
    largeRowBytes: (options.mayNeedPieces ?? needsPieces(largestRowBytes(db, mapping.table))) ? largeRowBytes : null,
  })
  let after = options.after
  let rows = 256
  for (;;) {
    const range = { ...(after === undefined ? {} : { after }), ...(options.upTo === undefined ? {} : { upTo: options.upTo }) }
    const page = readPage(reader, source, range, rows)
    if (page === null) return
    if (page.largeRows === 0) {
      yield { data: page.data, rows: page.rows, resumeAfter: page.last }
      if (page.last === null) return
      after = page.last
    } else {
      const large = firstLargeRow(source, page.last === null ? range : { ...range, upTo: page.last })
      const before = page.rows === 0 ? null : readPage(reader, source, { ...range, upTo: large }, rows)
      if (before !== null && before.rows > 0) yield { data: before.data, rows: before.rows, resumeAfter: null }
      yield* readAlone(source, large)
      after = large
    }
    const growth = page.data.length === 0 ? 1 : target / page.data.length
    rows = Math.round(Math.min(maxPageRows, Math.max(16, rows * (page.largeRows > 0 ? 0.5 : Math.min(4, growth)))))
  }
}

/** `last` is null where the page goes to the end of its range. */
type Page = Omit<JoinedPage, 'last'> & { readonly last: readonly KeyValue[] | null }

/** SQLite's LIMIT for all there is. */
const allRows = -1

/** One page, without the large rows in it; null at the end of the range. */
function readPage(reader: PageReader, { db, mapping, key }: Source, range: RowRange, rows: number): Page | null {
  // For composite keys there is no aggregate that gives the last row, so the end is looked up first.
  const end = key.kind === 'primaryKey' ? endOfSlice(db, mapping, key, range, rows) : null
  if (key.kind === 'primaryKey' && end === null) return null
  if (end === 'rest') return { ...reader.read(range, allRows), last: null }
  // A few rows more than asked for, where the key of the last one could not be told apart.
  const page = reader.read(end === null ? range : { ...range, upTo: end }, end === null ? rows : allRows)
  return page.last === null ? null : { ...page, last: end ?? [page.last] }
}

/** The key of the first large row of a range that is known to hold one. */
function firstLargeRow(source: Source, range: RowRange): readonly KeyValue[] {
  const { mapping, key } = source
  const clause = rangeClause(key, range)
  const where = `${clause.where === '' ? ' WHERE' : `${clause.where} AND`} ${sizeExpression(mapping)}>${largeRowBytes}`
  const sql = `SELECT ${key.expressions.join(',')} FROM ${quoteName(mapping.table)} AS ${tableAlias}${where}${clause.orderBy} LIMIT 1`
  return prepared(source, sql).get(...clause.params) as KeyValue[]
}

function* readAlone(source: Source, rowKey: readonly KeyValue[]): Generator<CopyPage> {
  let last: Buffer | undefined
  for (const piece of readLargeRow(source, rowKey)) {
    if (last !== undefined) yield { data: last, rows: 0, resumeAfter: null }
    last = piece
  }
  if (last !== undefined) yield { data: last, rows: 1, resumeAfter: rowKey }
}

/** A table that hides its rowid behind columns of that name: in one piece, batched here, with nowhere to resume. */
function* readUnkeyed(db: Database, mapping: TableMapping, isUtf16: boolean): Generator<CopyPage> {
  const query = copySelect(mapping, { isUtf16 })
  let lines: Buffer[] = []
  let bytes = 0
  for (const line of db.prepare(query.sql).pluck().iterate() as Iterable<Buffer>) {
    lines.push(line)
    bytes += line.length
    if (bytes < 1024 * 1024) continue
    yield { data: Buffer.concat(lines), rows: lines.length, resumeAfter: null }
    lines = []
    bytes = 0
  }
  if (lines.length > 0) yield { data: Buffer.concat(lines), rows: lines.length, resumeAfter: null }
}
