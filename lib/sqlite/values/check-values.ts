import { isUtf8 } from 'node:buffer'
import type { Database, Statement } from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { suspectExpression } from './clean-predicate'
import { convertValue } from './convert-value'
import { columnReference, tableAlias } from './copy-expression'
import { registerCopyFunctions } from './copy-functions'
import { findDuplicates } from './find-duplicates'
import { type RawValue, shapeOf } from './raw-value'
import { type KeyValue, type RowKey, rangeClause, rowKeyOf } from './row-range'
import { quoteName } from './sql-text'
import { textOfCode, type ValueCode } from './value-codes'

export interface CheckOptions {
  /** Unique keys of the target beside the primary key, as column names; checked for values that become equal. Default: none. */
  readonly uniqueKeys?: readonly (readonly string[])[]
  /** Rows looked at between two calls of the callbacks. Default: 20,000, some 10 to 40 ms. */
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
  const checks = columnChecks(mapping)
  const tallies = new Map<string, Tally>()
  const key = rowKeyOf(mapping)
  const sliceRows = options.sliceRows ?? 20_000
  let rowsDone = 0
  let after: readonly KeyValue[] | undefined
  for (;;) {
    const upTo = lastKeyOfSlice(db, mapping, key, after, sliceRows)
    if (upTo === null && key.kind !== 'none') break
    const range = { ...(after === undefined ? {} : { after }), ...(upTo === null ? {} : { upTo }) }
    const counts = countSuspects(db, mapping, key, checks, range)
    rowsDone += Number(counts[0] ?? 0)
    checks.forEach((check, index) => {
      if (Number(counts[index + 1] ?? 0) > 0) classifySuspects({ db, mapping, key, check, range, isUtf16, tallies })
    })
    yield rowsDone
    if (upTo === null) break
    after = upTo
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

interface Range {
  readonly after?: readonly KeyValue[]
  readonly upTo?: readonly KeyValue[]
}

function columnChecks(mapping: TableMapping): ColumnCheck[] {
  return mapping.columns
    .filter((column) => !column.generated)
    .flatMap((column) => {
      const inPrimaryKey = mapping.primaryKey.includes(column.name)
      const suspect = suspectExpression(column, column.name === mapping.rowidColumn, !column.nullable || inPrimaryKey)
      return suspect === null ? [] : [{ column, inPrimaryKey, suspect }]
    })
}

/** The key of the last row of the next slice; null when there is no row left (or no key to go by). */
function lastKeyOfSlice(
  db: Database,
  mapping: TableMapping,
  key: RowKey,
  after: readonly KeyValue[] | undefined,
  rows: number,
): KeyValue[] | null {
  if (key.kind === 'none') return null
  const range = rangeClause(key, after === undefined ? {} : { after })
  const from = `SELECT ${key.expressions.join(',')} FROM ${quoteName(mapping.table)} AS ${tableAlias}${range.sql}`
  const read = (sql: string, ...more: number[]) => rawRow(db.prepare(sql), [...range.params, ...more])
  const row = read(`${from} LIMIT 1 OFFSET ?`, rows - 1)
  if (row !== undefined) return row
  const descending = key.expressions.map((expression) => `${expression} DESC`).join(',')
  return read(from.replace(/ ORDER BY .*$/s, ` ORDER BY ${descending} LIMIT 1`)) ?? null
}

function rawRow(statement: Statement, params: readonly (KeyValue | number)[]): KeyValue[] | undefined {
  // Keys of rowids and WITHOUT ROWID tables are never NULL, and raw() gives them in the order selected.
  return statement
    .raw()
    .safeIntegers()
    .get(...params) as KeyValue[] | undefined
}

/** Row count of the slice, then the suspects of each column. */
function countSuspects(db: Database, mapping: TableMapping, key: RowKey, checks: readonly ColumnCheck[], range: Range): KeyValue[] {
  const clause = rangeClause(key, range)
  const sums = checks.map((check) => `,sum(${check.suspect})`).join('')
  const sql = `SELECT count(*)${sums} FROM ${quoteName(mapping.table)} AS ${tableAlias}${clause.sql.replace(/ ORDER BY .*$/s, '')}`
  return rawRow(db.prepare(sql), clause.params) ?? []
}

interface Classification {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  readonly check: ColumnCheck
  readonly range: Range
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
  const where = clause.sql.includes(' WHERE ')
    ? clause.sql.replace(' WHERE ', ` WHERE (${check.suspect}) AND `)
    : ` WHERE (${check.suspect})${clause.sql}`
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
