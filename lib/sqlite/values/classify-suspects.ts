import { isUtf8 } from 'node:buffer'
import type { Database } from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'
import type { ColumnMapping, TableMapping, ValueKind } from '@/lib/core/table-mapping'
import { binaryJsonText } from './binary-json'
import { pieceTextBytes } from './clean-predicate'
import { convertValue } from './convert-value'
import { copyFunctions } from './copy-functions'
import { createJsonScan } from './json-scan'
import { readLargeRow, type Source } from './large-row'
import { createTextScan } from './long-text'
import { type RawValue, shapeOf } from './raw-value'
import { type KeyValue, type RowKey, type RowRange, rangeClause } from './row-range'
import { columnReference, quoteName, sumAll, tableAlias } from './sql-text'
import type { ValueCode } from './value-codes'
import { inUtf8, pieceExpression, readInPieces } from './value-pieces'

/** A column whose values are looked at, with the SQL that says which of them need it. */
export interface ColumnCheck {
  readonly column: ColumnMapping
  readonly inPrimaryKey: boolean
  readonly suspect: string
}

/** What was found so far under one code in one column (null: in whole rows). */
export interface Tally {
  readonly column: string | null
  readonly code: ValueCode
  /** Of the first such value. */
  readonly shape: string
  count: number
  /** Of the first ten. */
  readonly keys: Record<string, string>[]
}

export interface Classification {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  readonly check: ColumnCheck
  readonly range: RowRange
  readonly isUtf16: boolean
  readonly tallies: Map<string, Tally>
}

/** Reads the suspect values of one column in one slice and lets convertValue decide on each. */
export function classifySuspects(context: Classification): void {
  const { db, mapping, key, check, range } = context
  const value = columnReference(check.column.name)
  const clause = rangeClause(key, range)
  const keyColumns = keyColumnsOf(mapping, key)
  const utf8 = utf8Expression(value, context.isUtf16)
  const kind = check.column.value
  const readsPieces = key.kind !== 'none' && (kind.kind === 'json' || (kind.kind === 'text' && kind.maxLength === null))
  const isLong = `typeof(${value})='text' AND octet_length(${value})>${pieceTextBytes}`
  if (readsPieces) classifyLongTexts(context, `${isLong} AND (${check.suspect})`, keyColumns)
  const bytes = `CASE typeof(${value}) WHEN 'text' THEN ${utf8} END`
  // A long text comes as its bytes alone: as a string beside them it would exist twice, and past 512 MB not at all.
  const short = `CASE WHEN ${isLong} THEN '' ELSE ${value} END`
  const json = kind.kind === 'json' ? binaryJsonText(value, context.isUtf16) : 'NULL'
  const suspect = readsPieces ? `(${check.suspect}) AND NOT (${isLong})` : `(${check.suspect})`
  const where = `${clause.where === '' ? ' WHERE' : `${clause.where} AND`} ${suspect}${clause.orderBy}`
  const fields = [short, bytes, json, ...keyColumns.map((column) => column.expression)]
  const sql = `SELECT ${fields.join(',')} FROM ${quoteName(mapping.table)} AS ${tableAlias}${where}`
  const rows = db
    .prepare(sql)
    .raw()
    .safeIntegers()
    .iterate(...clause.params)
  for (const row of rows as Iterable<[RawValue, Buffer | null, string | null, ...RawValue[]]>) {
    const [raw, textBytes, binaryJson, ...keyValues] = row
    const code = codeOf(raw, textBytes, binaryJson, check)
    if (code === null) continue
    const shape = textBytes !== null && textBytes.length > pieceTextBytes ? `text, ${textBytes.length} bytes` : shapeOf(raw)
    addToTally(context.tallies, check.column.name, code, shape, keyOfRow(keyColumns, keyValues))
  }
}

/** Texts that have no limit of their own, and JSON, where they are long: in pieces. */
function classifyLongTexts(
  { db, mapping, key, check, range, isUtf16, tallies }: Classification,
  condition: string,
  keyColumns: KeyColumns,
): void {
  const value = columnReference(check.column.name)
  const from = `FROM ${quoteName(mapping.table)} AS ${tableAlias}`
  const clause = rangeClause(key, range)
  const where = `${clause.where === '' ? ' WHERE' : `${clause.where} AND`} ${condition}${clause.orderBy}`
  const fields = [`octet_length(${value})`, ...key.expressions, ...keyColumns.map((column) => column.expression)]
  const rows = db
    .prepare(`SELECT ${fields.join(',')} ${from}${where}`)
    .raw()
    .safeIntegers()
    .all(...clause.params) as [bigint, ...RawValue[]][]
  const isRow = key.expressions.map((expression) => `${expression} IS ?`).join(' AND ')
  const piece = db.prepare(`SELECT ${pieceExpression(value)} ${from} WHERE ${isRow}`).pluck()
  for (const [size, ...rest] of rows) {
    const place = rest.slice(0, key.expressions.length)
    // The row is there: the file is read in one transaction, or nobody writes it.
    const stored = readInPieces(Number(size), (at, length) => piece.get(at + 1, length, ...place) as Buffer)
    const code = codeOfLongText(check.column.value, Number(size), isUtf16 ? inUtf8(stored, db) : stored)
    if (code === null) continue
    addToTally(tallies, check.column.name, code, `text, ${size} bytes`, keyOfRow(keyColumns, rest.slice(key.expressions.length)))
  }
}

/** What PostgreSQL would refuse a long text for, or null. */
function codeOfLongText(kind: ValueKind, storedBytes: number, pieces: Iterable<Buffer>): ValueCode | null {
  const text = createTextScan()
  const json = kind.kind === 'json' ? createJsonScan(kind.binary) : null
  for (const bytes of pieces) {
    text.take(bytes)
    json?.take(bytes)
  }
  const code = text.end()
  if (json === null || code === 'INVALID_UTF8') return code
  return storedBytes > longestString ? 'JSON_TOO_LARGE' : json.end()
}

/** V8 holds no longer text than 512 MB; nor does jsonb, nor is there a number or a date of that length. */
const longestString = 500_000_000

/** The bytes of a text in UTF-8, whatever the encoding of the file. */
export function utf8Expression(value: string, isUtf16: boolean): string {
  return isUtf16 ? `${copyFunctions.utf16}(CAST(${value} AS BLOB))` : `CAST(${value} AS BLOB)`
}

/**
 * What there is to say about one value; null for nothing. The bytes are those of a text in UTF-8, `binaryJson` what `json()`
 * makes of a BLOB.
 */
export function codeOf(
  raw: RawValue,
  textBytes: Buffer | null,
  binaryJson: string | null,
  { column, inPrimaryKey }: Pick<ColumnCheck, 'column' | 'inPrimaryKey'>,
): ValueCode | null {
  const { value } = column
  if (raw === null) return inPrimaryKey ? 'NULL_IN_PRIMARY_KEY' : 'NULL_IN_REQUIRED'
  if (textBytes === null || value.kind === 'bytes') return convertValue(raw, column, binaryJson).issue
  // The bytes of a text column are not decoded on the way, so what is not UTF-8 there would reach PostgreSQL as it is.
  if (!isUtf8(textBytes)) return 'INVALID_UTF8'
  if (textBytes.length <= pieceTextBytes) return convertValue(raw, column, null).issue
  if (value.kind === 'text' && value.maxLength === null) return textBytes.includes(0) ? 'NUL_IN_TEXT' : null
  if (textBytes.length > longestString)
    return value.kind === 'json' ? 'JSON_TOO_LARGE' : value.kind === 'text' ? 'TEXT_TOO_LONG' : 'ROW_TOO_LARGE'
  return convertValue(textBytes.toString('utf8'), column, null).issue
}

/** The most bytes that a row's COPY line may have: a BLOB is sent in hexadecimal, and each byte of a text may be escaped. */
export function lineBytesExpression(mapping: TableMapping): string {
  return sumAll(sizesOf(mapping).map((size) => `2*${size}`))
}

/** Stored bytes by column; read from the row's header alone. */
function sizesOf(mapping: TableMapping): readonly string[] {
  const columns = mapping.columns.filter((column) => !column.generated && column.name !== mapping.rowidColumn)
  return columns.map((column) => `ifnull(octet_length(${columnReference(column.name)}),0)`)
}

/**
 * Tallies the rows of a slice that are too large for one line, under the column that makes them so. What may be too large
 * is encoded once to know: line breaks and backslashes count double, others do not.
 */
export function tallyLargeRows(context: Omit<Classification, 'check'> & { readonly maxLineBytes: number }): void {
  const { db, mapping, key, range, isUtf16, maxLineBytes } = context
  const clause = rangeClause(key, range)
  const keyColumns = keyColumnsOf(mapping, key)
  const where = `${clause.where === '' ? ' WHERE' : `${clause.where} AND`} ${lineBytesExpression(mapping)}>${maxLineBytes}${clause.orderBy}`
  const from = `FROM ${quoteName(mapping.table)} AS ${tableAlias}${where}`
  const places = key.expressions.length
  const statement = db
    .prepare(`SELECT ${[...key.expressions, ...keyColumns.map((column) => column.expression)].join(',') || '1'} ${from}`)
    .raw()
    .safeIntegers()
  const columns = mapping.columns.filter((column) => !column.generated)
  const lengths = columns.map(({ name }) => `ifnull(octet_length(${columnReference(name)}),0)`).join(',')
  const sizes = db.prepare(`SELECT ${lengths} ${from} LIMIT 1 OFFSET ?`).raw()
  const source = { db, mapping, key, isUtf16, statements: new Map() }
  for (const [index, row] of (statement.all(...clause.params) as RawValue[][]).entries()) {
    // The first are the key's own values, never NULL.
    const rowKey = row.slice(0, places) as KeyValue[]
    const found = (sizes.get(...clause.params, index) as number[] | undefined) ?? []
    const stored = found.reduce((sum, length) => sum + length, 0)
    const size = key.kind === 'none' || stored > maxLineBytes ? stored : lineBytes(source, rowKey)
    if (size <= maxLineBytes) continue
    const largest = found.reduce((best, length, at) => (length > (found[best] ?? 0) ? at : best), 0)
    const shape = `row of ${size} bytes, ${found[largest] ?? 0} of them in this column`
    addToTally(context.tallies, columns[largest]?.name ?? null, 'ROW_TOO_LARGE', shape, keyOfRow(keyColumns, row.slice(places)))
  }
}

/** Bytes of one row's COPY line, encoded piece by piece as the copy does it. */
function lineBytes(source: Source, rowKey: readonly KeyValue[]): number {
  let bytes = 0
  try {
    for (const piece of readLargeRow(source, rowKey)) bytes += piece.length
  } catch (error) {
    // A value that the copy refuses has a finding of its own.
    if (!(error instanceof AppError) || error.code !== 'VALUE_REFUSED') throw error
  }
  return bytes
}

/** `isPlace` marks the rowid beside a primary key, which is shown only where the key has a NULL. */
type KeyColumns = readonly { readonly name: string; readonly expression: string; readonly isPlace: boolean }[]

function keyOfRow(keyColumns: KeyColumns, values: readonly RawValue[]): Record<string, string> {
  // A NULL in the primary key names no row: there the rowid does.
  const isNamed = keyColumns.every((column, index) => column.isPlace || values[index] !== null)
  const shown = keyColumns.flatMap((column, index) =>
    column.isPlace && isNamed ? [] : [{ name: column.name, value: values[index] ?? null }],
  )
  return Object.fromEntries(shown.map(({ name, value }) => [name, printableKey(value)]))
}

function addToTally(tallies: Map<string, Tally>, column: string | null, code: ValueCode, shape: string, key: Record<string, string>): void {
  const name = `${column}\0${code}`
  const tally = tallies.get(name) ?? { column, code, shape, count: 0, keys: [] }
  tally.count += 1
  if (tally.keys.length < 10) tally.keys.push(key)
  tallies.set(name, tally)
}

function keyColumnsOf(mapping: TableMapping, key: RowKey): KeyColumns {
  const place = key.kind === 'rowid' ? { name: 'rowid', expression: key.expressions[0] } : null
  if (mapping.primaryKey.length === 0) return place ? [{ ...place, isPlace: false }] : []
  const named = mapping.primaryKey.map((name) => ({ name, expression: columnReference(name), isPlace: false }))
  return place === null || mapping.rowidColumn !== null ? named : [...named, { ...place, isPlace: true }]
}

/** A key for people: bytes in hexadecimal, texts cut at 200 characters. */
export function printableKey(value: RawValue): string {
  if (value === null) return 'NULL'
  const text = Buffer.isBuffer(value) ? `\\x${value.subarray(0, 100).toString('hex')}` : String(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
