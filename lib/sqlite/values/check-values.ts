import { isUtf8 } from 'node:buffer'
import type { Database } from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { TableMapping } from '@/lib/core/table-mapping'
import { type ColumnCheck, classifySuspects, lineBytesExpression, type Tally, tallyLargeRows } from './classify-suspects'
import { suspectExpression, textOfRow } from './clean-predicate'
import { registerCopyFunctions } from './copy-functions'
import { findDuplicates } from './find-duplicates'
import { endOfSlice, type KeyValue, type RowKey, type RowRange, rangeClause, rowKeyOf } from './row-range'
import { quoteName, tableAlias } from './sql-text'
import { textOfCode } from './value-codes'

export interface CheckOptions {
  /** Unique keys of the target beside the primary key, as column names; checked for values that become equal. Default: none. */
  readonly uniqueKeys?: readonly (readonly string[])[]
  /** Rows looked at between two calls of the callbacks, at most. Default: 4,000, some 5 to 20 ms. */
  readonly sliceRows?: number
  /**
   * Bytes that one line of COPY may have. Default: 1,000,000,000, the most that SQLite lets a value have; PostgreSQL's own
   * limit is 1,073,741,823.
   */
  readonly maxLineBytes?: number
  /** Called after each slice with the rows of this table looked at so far. */
  readonly onProgress?: (rowsDone: number) => void
  /** Called after each slice; true ends the check with CANCELLED. */
  readonly shouldStop?: () => boolean
}

/**
 * Looks at every value of a table that is to be copied, in one pass over the file, and answers what the target could not
 * hold exactly as Prisma reads it (severity `blocks`) and what deserves a word (`note`). Works on a read-only
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
  const maxLineBytes = options.maxLineBytes ?? 1_000_000_000
  const scan = createScan(db, mapping, key, isUtf16, fileBytes(db) > maxLineBytes / 2)
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
    if (slice.largestLine > maxLineBytes) tallyLargeRows({ db, mapping, key, range, tallies, maxLineBytes })
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

/** The two statements that look at a slice: texts joined and tested together, or decoded one by one. */
interface Scan {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  /** Expression of textOfRow; null where there is no text, or where it must be decoded one by one. */
  readonly text: string | null
  readonly joined: readonly ColumnCheck[]
  readonly decoding: readonly ColumnCheck[]
  /** Expression of the bytes of a line; 0 where the whole file is too small for a line that matters. */
  readonly lineBytes: string
}

function createScan(db: Database, mapping: TableMapping, key: RowKey, isUtf16: boolean, mayHoldLargeRow: boolean): Scan {
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
  const lineBytes = mayHoldLargeRow ? lineBytesExpression(mapping) : '0'
  return { db, mapping, key, text, joined: text === null ? decoding : checks(false), decoding, lineBytes }
}

interface Slice {
  readonly rows: number
  readonly textBytes: number
  readonly largestLine: number
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
    largestLine: joined.largestLine,
    suspects: checks.filter((_, index) => Number(counts.suspects[index] ?? 0) > 0),
  }
}

function countSuspects(scan: Scan, checks: readonly ColumnCheck[], text: string | null, range: RowRange) {
  const clause = rangeClause(scan.key, range)
  const sums = checks.map((check) => `,sum(${check.suspect})`).join('')
  const joined = text === null ? 'NULL' : `CAST(group_concat(${text},' ') AS BLOB)`
  const sql = `SELECT count(*),max(${scan.lineBytes}),${joined}${sums} FROM ${quoteName(scan.mapping.table)} AS ${tableAlias}${clause.where}`
  const row = scan.db
    .prepare(sql)
    .raw()
    .get(...clause.params) as [number, number | null, Buffer | null, ...(number | null)[]]
  const [rows, largestLine, bytes, ...suspects] = row
  return { rows, largestLine: largestLine ?? 0, text: bytes, suspects }
}

function fileBytes(db: Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
}

function findingOf(mapping: TableMapping, tally: Tally): Finding {
  const text = textOfCode(tally.code)
  const place = tally.column === null ? mapping.table : `${mapping.table}.${tally.column}`
  const what = tally.column === null ? 'row' : 'value'
  const values = tally.count === 1 ? `1 ${what}` : `${tally.count} ${what}s`
  return createFinding({
    code: tally.code,
    severity: text.severity,
    table: mapping.table,
    column: tally.column,
    key: tally.keys[0] ?? null,
    sampleKeys: tally.keys,
    shape: tally.shape,
    count: tally.count,
    message: `In ${place}, ${values}: they ${text.says}.`,
    hint: text.hint,
  })
}
