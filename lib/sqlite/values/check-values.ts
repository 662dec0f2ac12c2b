import { isUtf8 } from 'node:buffer'
import type { Database } from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { suspectExpression, textOfRow } from './clean-predicate'
import { convertValue } from './convert-value'
import { registerCopyFunctions } from './copy-functions'
import { findDuplicates } from './find-duplicates'
import { type RawValue, shapeOf } from './raw-value'
import { endOfSlice, type KeyValue, type RowKey, type RowRange, rangeClause, rowKeyOf } from './row-range'
import { columnReference, quoteName, tableAlias } from './sql-text'
import { textOfCode, type ValueCode } from './value-codes'

export interface CheckOptions {
  /** Unique keys of the target beside the primary key, as column names; checked for values that become equal. Default: none. */
  readonly uniqueKeys?: readonly (readonly string[])[]
  /** Rows looked at between two calls of the callbacks, at most. Default: 4,000, some 5 to 20 ms. */
  readonly sliceRows?: number
  /** Called after each slice with the rows of this table looked at so far. */
  readonly onProgress?: (rowsDone: number) => void
  /** Called after each slice; true ends the check with CANCELLED. */
  readonly shouldStop?: () => boolean
}

/**
 * Looks at every value of a table that is to be copied, in one pass over the file, and answers what the target could not
 * hold exactly as Prisma reads it (severity `blocks`) and what deserves a word (`warning`, `note`). Works on a read-only
 * connection and blocks its thread: run it in a worker thread, or use checkSlices. Throws CANCELLED when told to stop.
 */
export function checkTable(db: Database, mapping: TableMapping, options: CheckOptions = {}): Finding[] {
  const slices = checkSlices(db, mapping, options)
  for (;;) {
    const step = slices.next()
    if (step.done) return step.value
    options.onProgress?.(step.value)
    if (options.shouldStop?.()) {
      throw new AppError({ code: 'CANCELLED', message: 'The check was cancelled.', operation: 'check table', subject: mapping.table })
    }
  }
}

/** checkTable for a thread that has other things to do: yields the rows looked at after each slice, returns the findings. */
export function* checkSlices(db: Database, mapping: TableMapping, options: CheckOptions = {}): Generator<number, Finding[]> {
  registerCopyFunctions(db)
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  const tallies = new Map<string, Tally>()
  const key = rowKeyOf(mapping)
  const scan = createScan(db, mapping, key, isUtf16)
  const maxRows = options.sliceRows ?? 4000
  let rows = Math.min(250, maxRows)
  let rowsDone = 0
  let after: readonly KeyValue[] | undefined
  for (;;) {
    const from: RowRange = after === undefined ? {} : { after }
    const upTo = endOfSlice(db, mapping, key, from, rows)
    if (upTo === null && key.kind !== 'none') break
    const range = upTo === null ? from : { ...from, upTo }
    const slice = scanSlice(scan, range)
    rowsDone += slice.rows
    for (const check of slice.suspects) classifySuspects({ db, mapping, key, check, range, isUtf16, tallies })
    yield rowsDone
    if (upTo === null) break
    after = upTo
    // A slice holds the texts of its rows in memory: about four mebibytes of them.
    const growth = slice.textBytes === 0 ? 4 : (4 * 1024 * 1024) / slice.textBytes
    rows = Math.round(Math.min(maxRows, Math.max(16, rows * Math.min(4, growth))))
  }
  const findings = [...tallies.values()].map((tally) => findingOf(mapping, tally))
  return [...findings, ...findDuplicates(db, mapping, options.uniqueKeys ?? [])]
}

interface ColumnCheck {
  readonly column: ColumnMapping
  readonly inPrimaryKey: boolean
  readonly suspect: string
}

interface Tally {
  readonly column: ColumnMapping
  readonly code: ValueCode
  readonly shape: string
  count: number
  readonly keys: Record<string, string>[]
}

/** The two statements that look at a slice: texts joined and tested together, or decoded one by one. */
interface Scan {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  /** Expression of textOfRow; null where there is no text, or where it must be decoded one by one. */
  readonly text: string | null
  readonly joined: readonly ColumnCheck[]
  readonly decoding: readonly ColumnCheck[]
}

function createScan(db: Database, mapping: TableMapping, key: RowKey, isUtf16: boolean): Scan {
  const columns = mapping.columns.filter((column) => !column.generated)
  // A table read in one piece would be joined in one piece too; a cast to BLOB does not give UTF-8 in a UTF-16 database.
  const text = isUtf16 || key.kind === 'none' ? null : textOfRow(columns)
  const checks = (decodesText: boolean) =>
    columns.flatMap((column) => {
      const inPrimaryKey = mapping.primaryKey.includes(column.name)
      const suspect = suspectExpression(column, column.name === mapping.rowidColumn, !column.nullable || inPrimaryKey, decodesText)
      return suspect === null ? [] : [{ column, inPrimaryKey, suspect }]
    })
  const decoding = checks(true)
  return { db, mapping, key, text, joined: text === null ? decoding : checks(false), decoding }
}

interface Slice {
  readonly rows: number
  readonly textBytes: number
  /** The columns that have suspect values here. */
  readonly suspects: readonly ColumnCheck[]
}

function scanSlice(scan: Scan, range: RowRange): Slice {
  const joined = countSuspects(scan, scan.joined, scan.text, range)
  const isClean = joined.text === null || (isUtf8(joined.text) && !joined.text.includes(0))
  const counts = isClean ? joined : countSuspects(scan, scan.decoding, null, range)
  const checks = isClean ? scan.joined : scan.decoding
  return {
    rows: joined.rows,
    textBytes: joined.text?.length ?? 0,
    suspects: checks.filter((_, index) => Number(counts.suspects[index] ?? 0) > 0),
  }
}

function countSuspects(scan: Scan, checks: readonly ColumnCheck[], text: string | null, range: RowRange) {
  const clause = rangeClause(scan.key, range)
  const sums = checks.map((check) => `,sum(${check.suspect})`).join('')
  const joined = text === null ? 'NULL' : `CAST(group_concat(${text},' ') AS BLOB)`
  const sql = `SELECT count(*),${joined}${sums} FROM ${quoteName(scan.mapping.table)} AS ${tableAlias}${clause.where}`
  const row = scan.db
    .prepare(sql)
    .raw()
    .get(...clause.params) as [number, Buffer | null, ...(number | null)[]]
  const [rows, bytes, ...suspects] = row
  return { rows, text: bytes, suspects }
}

interface Classification {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  readonly check: ColumnCheck
  readonly range: RowRange
  readonly isUtf16: boolean
  readonly tallies: Map<string, Tally>
}

/** Reads the suspect values of one column in one slice and lets convertValue decide on each. */
function classifySuspects(context: Classification): void {
  const { db, mapping, key, check, range } = context
  const value = columnReference(check.column.name)
  const clause = rangeClause(key, range)
  const keyColumns = keyColumnsOf(mapping, key)
  const bytes = `CASE typeof(${value}) WHEN 'text' THEN CAST(${value} AS BLOB) END`
  const json =
    check.column.value.kind === 'json' ? `CASE WHEN typeof(${value})='blob' AND json_valid(${value},8) THEN json(${value}) END` : 'NULL'
  const where = `${clause.where === '' ? ' WHERE' : `${clause.where} AND`} (${check.suspect})${clause.orderBy}`
  const fields = [value, bytes, json, ...keyColumns.map((column) => column.expression)]
  const sql = `SELECT ${fields.join(',')} FROM ${quoteName(mapping.table)} AS ${tableAlias}${where}`
  const rows = db
    .prepare(sql)
    .raw()
    .safeIntegers()
    .iterate(...clause.params)
  for (const row of rows as Iterable<[RawValue, Buffer | null, string | null, ...RawValue[]]>) {
    const [raw, textBytes, binaryJson, ...keyValues] = row
    const code = codeOf(raw, textBytes, binaryJson, context)
    if (code === null) continue
    const keyOfRow = Object.fromEntries(keyColumns.map((column, index) => [column.name, printableKey(keyValues[index] ?? null)]))
    addToTally(context.tallies, check.column, code, raw, keyOfRow)
  }
}

function codeOf(raw: RawValue, textBytes: Buffer | null, binaryJson: string | null, context: Classification): ValueCode | null {
  const { column, inPrimaryKey } = context.check
  if (raw === null) return inPrimaryKey ? 'NULL_IN_PRIMARY_KEY' : 'NULL_IN_REQUIRED'
  // The bytes of a text column are not decoded on the way, so what is not UTF-8 there would reach PostgreSQL as it is.
  const decodes = column.value.kind !== 'bytes' && !context.isUtf16
  if (decodes && textBytes !== null && !isUtf8(textBytes)) return 'INVALID_UTF8'
  return convertValue(raw, column, binaryJson).issue
}

function addToTally(tallies: Map<string, Tally>, column: ColumnMapping, code: ValueCode, raw: RawValue, key: Record<string, string>): void {
  const name = `${column.name}\0${code}`
  const tally = tallies.get(name) ?? { column, code, shape: shapeOf(raw), count: 0, keys: [] }
  tally.count += 1
  if (tally.keys.length < 10) tally.keys.push(key)
  tallies.set(name, tally)
}

function keyColumnsOf(mapping: TableMapping, key: RowKey): readonly { readonly name: string; readonly expression: string }[] {
  if (mapping.primaryKey.length > 0) return mapping.primaryKey.map((name) => ({ name, expression: columnReference(name) }))
  return key.kind === 'rowid' ? [{ name: 'rowid', expression: key.expressions[0] }] : []
}

/** A key for people: bytes in hexadecimal, texts cut at 200 characters. */
function printableKey(value: RawValue): string {
  if (value === null) return 'NULL'
  const text = Buffer.isBuffer(value) ? `\\x${value.subarray(0, 100).toString('hex')}` : String(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function findingOf(mapping: TableMapping, tally: Tally): Finding {
  const text = textOfCode(tally.code)
  const values = tally.count === 1 ? '1 value' : `${tally.count} values`
  return createFinding({
    code: tally.code,
    severity: text.severity,
    table: mapping.table,
    column: tally.column.name,
    key: tally.keys[0] ?? null,
    sampleKeys: tally.keys,
    shape: tally.shape,
    count: tally.count,
    message: `In ${mapping.table}.${tally.column.name}, ${values}: they ${text.says}.`,
    hint: text.hint,
  })
}
