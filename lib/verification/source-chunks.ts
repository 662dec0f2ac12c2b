import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName, quoteNames } from '@/lib/core/quoted-name'
import { rowidName } from '@/lib/sqlite/count-rows'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { limitParameter } from '@/lib/sqlite/values/sql-text'
import { createLargeRowReader, type LargeRowReader, largestRowBytes, type Place, textEncoding } from './large-source-rows'
import { longValueBytes } from './long-values'
import { chunkBytes, createRowPacker, rowBytes, rowFields } from './pack-rows'
import { orderOf } from './row-order'
import type { ReadRequest, SourceChunk, SourceKeyColumn } from './source-protocol'
import { doubleAsInteger } from './source-row'
import { sourceRowSql } from './source-row-sql'

const mostRows = 20_000

/**
 * Reads a table in chunks. By its primary key in ranges where SQLite's own order is the key's order, and otherwise (odd
 * storage classes in the key, kinds that are ordered by meaning, UTF-16) in one sorted statement; where that would sort
 * rows of megabytes it sorts their places, and reads each row from its own.
 */
export function* readChunks(db: SqliteDatabase, table: SqliteTable, request: ReadRequest): Generator<SourceChunk, void> {
  const encoding = textEncoding(db)
  const isUtf8 = encoding === 'utf8'
  db.function('bascule_bits', { deterministic: true }, (value: unknown) => doubleAsInteger(Number(value)))
  const rowid = rowidName(table)
  if (request.key.length === 0) {
    const place = rowid === null ? [] : [{ name: table.rowidColumn ?? rowid, declaredType: 'INTEGER' }]
    // With its place as one more column, read in pieces as well.
    const large = rowid === null ? null : createLargeRowReader(db, withColumns(request, place), encoding)
    if (large !== null && rowid !== null) yield* readByRowid(db, request, rowid, isUtf8, large)
    else yield* readInOneStatement(db, request, '', rowid, isUtf8)
    return
  }
  const isDirect = isDirectlyOrdered(db, request, isUtf8)
  const large = createLargeRowReader(db, request, encoding)
  if (isUtf8 && isDirect) {
    yield* readInRanges(db, request, large)
    return
  }
  const order = isDirect ? namesInOrder(request.key) : orderSql(db, request.key)
  if (large === null) yield* readInOneStatement(db, request, ` ORDER BY ${order}`, null, isUtf8)
  else yield* readByPlaces(db, request, { order, rowid, isUtf8 }, large)
}

/** Whether the table may have a value that is compared by digest. A table of no place to go by is read in one statement, as it stands. */
export function holdsLongValues(db: SqliteDatabase, table: SqliteTable, { key }: ReadRequest): boolean {
  if (key.length === 0 && rowidName(table) === null) return false
  // A text of UTF-16 may be half as long again in UTF-8.
  return largestRowBytes(db, table.name) > longValueBytes / 1.5
}

/** Whether every key has the storage class that SQLite orders as the target orders its values. */
function isDirectlyOrdered(db: SqliteDatabase, { table, key }: ReadRequest, isUtf8: boolean): boolean {
  // BINARY compares the bytes of a text in the file's encoding: those of UTF-16 are not in the order of the characters.
  if (key.some(({ directClass }) => directClass === null || (directClass === 'text' && !isUtf8))) return false
  const doubtful = key.filter(({ isRowid }) => !isRowid)
  if (doubtful.length === 0) return true
  const isOdd = doubtful.map(({ name, directClass }) => `typeof(${quoteName(name)}) <> '${directClass}'`).join(' OR ')
  return db.prepare(`SELECT 1 FROM ${quoteName(table)} WHERE ${isOdd} LIMIT 1`).get() === undefined
}

function namesInOrder(key: readonly SourceKeyColumn[]): string {
  return key.map(({ name }) => `${quoteName(name)} COLLATE BINARY`).join(', ')
}

function* readInRanges(db: SqliteDatabase, request: ReadRequest, large: LargeRowReader | null): Generator<SourceChunk, void> {
  const table = quoteName(request.table)
  const names = request.key.map(({ name }) => name)
  const order = namesInOrder(request.key)
  const keys = quoteNames(names)
  const places = names.map(() => '?').join(', ')
  const after = names.length === 1 ? `${order} > ?` : `(${order}) > (${places})`
  const statements = (condition: string) => ({
    // The key of the last row of the range is found on the index alone.
    last: db.prepare(`SELECT ${keys} FROM ${table} ${condition} ORDER BY ${order} LIMIT 1 OFFSET ?`).raw().safeIntegers(),
    chunk: db
      .prepare(
        `SELECT CAST(group_concat(line, '') AS BLOB), count(*) FROM (SELECT ${sourceRowSql(request.columns)} AS line FROM ${table} ${condition} ORDER BY ${order} LIMIT ${limitParameter})`,
      )
      .raw(),
  })
  let { last, chunk } = statements('')
  const further = statements(`WHERE ${after}`)
  let from: unknown[] = []
  let rows = 256
  for (;;) {
    if (large !== null) {
      const range = { condition: from.length === 0 ? '' : `WHERE ${after}`, order, params: from }
      const together = large.countSmall(range, rows)
      if (together === 0) {
        yield* large.readFirst(range)
        from = z.array(z.unknown()).parse(last.get(...from, 0))
        ;({ last, chunk } = further)
        continue
      }
      rows = together ?? rows
    }
    const read = readRange(chunk, from, rows)
    if (read === 'too large') {
      if (rows === 1) throw new Error('A row is longer than SQLite can join into one value (1,000,000,000 bytes).')
      rows = Math.max(1, rows >> 3)
      continue
    }
    if (read.rows === 0) return
    yield read
    if (read.rows < rows) return
    from = z.array(z.unknown()).parse(last.get(...from, rows - 1))
    ;({ last, chunk } = further)
    const averageBytes = Math.max(1, read.bytes.length / read.rows)
    // Growing by four at most: rows of a few bytes may be followed by rows of megabytes.
    rows = Math.max(1, Math.min(mostRows, rows * 4, Math.floor(chunkBytes / averageBytes)))
  }
}

const rangeRow = z.tuple([z.instanceof(Uint8Array).nullable(), z.number()])

function readRange(statement: import('better-sqlite3').Statement, from: readonly unknown[], rows: number): SourceChunk | 'too large' {
  try {
    const [bytes, count] = rangeRow.parse(statement.get(...from, rows))
    return { bytes: bytes ?? new Uint8Array(0), rows: count }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'SQLITE_TOOBIG' || error.code === 'SQLITE_NOMEM')) return 'too large'
    throw error
  }
}

function orderSql(db: SqliteDatabase, key: readonly SourceKeyColumn[]): string {
  db.function('bascule_order', { deterministic: true, safeIntegers: true }, (part: unknown, value: unknown) => {
    const column = key[Number(part)]
    return column ? orderOf(value as Parameters<typeof orderOf>[0], column) : null
  })
  return key.map(({ name }, part) => `bascule_order(${part}, ${quoteName(name)})`).join(', ')
}

function withColumns(request: ReadRequest, more: ReadRequest['columns']): ReadRequest {
  return { ...request, columns: [...request.columns, ...more] }
}

const rowidAt = z.bigint().optional()

/** A table without key that may have large rows: by its rowids, small rows together, a large one in pieces. */
function* readByRowid(
  db: SqliteDatabase,
  request: ReadRequest,
  rowid: string,
  isUtf8: boolean,
  large: LargeRowReader,
): Generator<SourceChunk, void> {
  const after = `WHERE ${rowid} > ?`
  const lastOf = db
    .prepare(`SELECT ${rowid} FROM ${quoteName(request.table)} ${after} ORDER BY ${rowid} LIMIT 1 OFFSET ?`)
    .pluck()
    .safeIntegers()
  // The first rowid may be the smallest there is: only the condition of the first range has no bound.
  let range: Place = { condition: '', order: rowid, params: [] }
  for (;;) {
    const together = large.countSmall(range, rowsTogether)
    if (together === null) return
    if (together === 0) yield* large.readFirst(range)
    else {
      const sql = `${range.condition} ORDER BY ${rowid} LIMIT ${together}`
      yield* readInOneStatement(db, request, ` ${sql}`, rowid, isUtf8, range.params)
    }
    const step = Math.max(1, together) - 1
    const next = range.params.length === 0 ? nth(db, request, rowid, step) : rowidAt.parse(lastOf.get(...range.params, step))
    if (next === undefined) return
    range = { condition: after, order: rowid, params: [next] }
  }
}

/** Rows whose sizes are added up before they are read. */
const rowsTogether = 4096

function nth(db: SqliteDatabase, { table }: ReadRequest, rowid: string, offset: number): bigint | undefined {
  const sql = `SELECT ${rowid} FROM ${quoteName(table)} ORDER BY ${rowid} LIMIT 1 OFFSET ?`
  return rowidAt.parse(db.prepare(sql).pluck().safeIntegers().get(offset))
}

/**
 * A table that may have large rows, in an order that SQLite must sort for: what is sorted are the rows' places (rowids, or
 * the keys of a table WITHOUT ROWID), and each row is read from its place. Slower than one statement by 5 µs a row.
 */
function* readByPlaces(
  db: SqliteDatabase,
  request: ReadRequest,
  { order, rowid, isUtf8 }: { readonly order: string; readonly rowid: string | null; readonly isUtf8: boolean },
  large: LargeRowReader,
): Generator<SourceChunk, void> {
  const names = rowid === null ? request.key.map(({ name }) => quoteName(name)) : [rowid]
  // As the key's index compares it, and then exactly: a key that ignores case has its index in that order.
  const condition = `WHERE ${names.map((name) => `${name} = ? AND ${name} = ? COLLATE BINARY`).join(' AND ')}`
  const sorted = db
    .prepare(`SELECT ${names.join(', ')} FROM ${quoteName(request.table)} ORDER BY ${order}`)
    .raw()
    .safeIntegers()
  const read = db
    .prepare(`SELECT ${rowFields(request, [], isUtf8)} FROM ${quoteName(request.table)} ${condition}`)
    .raw()
    .safeIntegers()
  const packer = createRowPacker()
  for (const row of sorted.iterate()) {
    const params = z
      .array(z.unknown())
      .parse(row)
      .flatMap((value) => [value, value])
    const place: Place = { condition, order: '1', params }
    const together = large.countSmall(place, 1)
    if (together === null) throw new Error('A row of the source was not found at its place.')
    if (together === 0) {
      yield* packer.rest()
      yield* large.readFirst(place)
    } else yield* packer.add(rowBytes(read.get(...place.params), isUtf8))
  }
  yield* packer.rest()
}

/** One row after the other; slower, but in any order and in any text encoding. */
function* readInOneStatement(
  db: SqliteDatabase,
  request: ReadRequest,
  order: string,
  rowid: string | null,
  isUtf8: boolean,
  params: readonly unknown[] = [],
): Generator<SourceChunk, void> {
  const extra = request.key.length > 0 ? [] : [rowid ?? '0']
  const rows = db
    .prepare(`SELECT ${rowFields(request, extra, isUtf8)} FROM ${quoteName(request.table)}${order}`)
    .raw()
    .safeIntegers()
  const packer = createRowPacker()
  for (const row of rows.iterate(...params)) yield* packer.add(rowBytes(row, isUtf8))
  yield* packer.rest()
}
