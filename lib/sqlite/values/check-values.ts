import type { Database, Statement } from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { TableMapping } from '@/lib/core/table-mapping'
import { type CarriedEvidence, carriedColumn } from './carried-evidence'
import { type CheckedPart, joinParts } from './checked-parts'
import { type ColumnCheck, classifySuspects, lineBytesExpression, type Tally, tallyLargeRows } from './classify-suspects'
import { type CheckedColumn, closeEvidence, type Evidence, quickEvidence } from './clean-evidence'
import { longTextBytes, suspectExpression } from './clean-predicate'
import { registerCopyFunctions } from './copy-functions'
import { findDuplicates } from './find-duplicates'
import { largestRowBytes } from './largest-row'
import { mostPlainColumns } from './plain-field'
import { type RowKey, type RowRange, rangeClause, rowKeyOf } from './row-range'
import { createSliceEnds } from './slice-ends'
import { createSliceText, type SliceText } from './slice-text'
import { quoteName, tableAlias } from './sql-text'

export interface CheckOptions {
  /** The rows that are looked at. Default: all. */
  readonly range?: RowRange
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
    if (step.done) return [...joinParts(mapping, [step.value]).findings]
    options.onProgress?.(step.value)
    if (options.shouldStop?.()) {
      throw new AppError({ code: 'CANCELLED', message: 'The check was cancelled.', operation: 'check table', subject: mapping.table })
    }
  }
}

/**
 * checkTable for a thread that has other things to do, or for a part of a table: yields the rows looked at after each slice, returns what
 * was found, for `joinParts`.
 */
export function* checkSlices(db: Database, mapping: TableMapping, options: CheckOptions = {}): Generator<number, CheckedPart> {
  registerCopyFunctions(db)
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  const tallies = new Map<string, Tally>()
  const key = rowKeyOf(mapping)
  const maxLineBytes = options.maxLineBytes ?? 1_000_000_000
  const scan = createScan(db, mapping, key, isUtf16, maxLineBytes)
  const ends = createSliceEnds(db, mapping, key)
  const maxRows = options.sliceRows ?? 4000
  let rows = Math.min(250, maxRows)
  let rowsDone = 0
  let from = options.range ?? {}
  for (;;) {
    const upTo = ends.next(from, rows)
    if (upTo === null && key.kind !== 'none') break
    const range = upTo === null || upTo === 'rest' ? from : { ...from, upTo }
    const slice = scanSlice(scan, range)
    ends.had(slice.rows)
    rowsDone += slice.rows
    for (const check of slice.suspects) classifySuspects({ db, mapping, key, check, range, isUtf16, tallies })
    if (slice.largestLine > maxLineBytes) tallyLargeRows({ db, mapping, key, range, isUtf16, tallies, maxLineBytes })
    yield rowsDone
    if (upTo === null || upTo === 'rest') break
    from = { ...from, after: upTo }
    // A slice holds the texts of its rows in memory: about four mebibytes of them.
    const growth = slice.textBytes === 0 ? 4 : (4 * 1024 * 1024) / slice.textBytes
    rows = Math.round(Math.min(maxRows, Math.max(16, rows * Math.min(4, growth))))
  }
  const duplicates = findDuplicates(db, mapping, options.uniqueKeys ?? [])
  return { tallies: [...tallies.values()], duplicates, evidence: evidenceOf(scan, rowsDone) }
}

/** How the slices of one table are looked at. */
interface Scan {
  readonly db: Database
  readonly mapping: TableMapping
  readonly key: RowKey
  /** null where texts must be decoded one by one. */
  readonly text: SliceText | null
  /** Bytes of a line; 0 where no row is large enough for a line that matters. */
  readonly lineBytes: string
  readonly columns: readonly CheckedColumn[]
  /** Evidence by column; a quick one that failed is replaced, since the next slice is mostly like this one. */
  readonly evidence: Map<CheckedColumn, Evidence>
  /** Those of the columns whose quick evidence has held so far. */
  readonly plain: Set<CheckedColumn>
  /** By their SQL: mostly the same one for each slice. */
  readonly statements: Map<string, Statement>
}

function createScan(db: Database, mapping: TableMapping, key: RowKey, isUtf16: boolean, maxLineBytes: number): Scan {
  const present = mapping.columns.filter((column) => !column.generated)
  const largest = largestRowBytes(db, mapping.table)
  const mayBeLong = largest > longTextBytes
  const columns = present.map((column) => ({
    column,
    isRowid: column.name === mapping.rowidColumn,
    isRequired: !column.nullable || mapping.primaryKey.includes(column.name),
    mayBeLong,
  }))
  const plain = new Set<CheckedColumn>()
  const evidence = new Map(
    columns.flatMap((column) => {
      const quick = columns.length > mostPlainColumns ? null : quickEvidence(column)
      if (quick !== null) plain.add(column)
      const found = quick ?? closeEvidence(column)
      return found === null ? [] : [[column, found] as const]
    }),
  )
  // A table read in one piece would be joined in one piece too; a cast to BLOB does not give UTF-8 in a UTF-16 database.
  const isJoined = !isUtf16 && key.kind !== 'none'
  const text = isJoined ? createSliceText(present, mayBeLong) : null
  const lineBytes = largest > maxLineBytes / 2 ? lineBytesExpression(mapping) : '0'
  return { db, mapping, key, text, lineBytes, columns, evidence, plain, statements: new Map() }
}

interface Slice {
  readonly rows: number
  readonly textBytes: number
  readonly largestLine: number
  /** The columns that have suspect values here. */
  readonly suspects: readonly ColumnCheck[]
}

function scanSlice(scan: Scan, range: RowRange): Slice {
  const { evidence, text, lineBytes } = scan
  const joined = text?.aggregates ?? []
  const aggregates = [...evidence.values()].flatMap((one) => one.aggregates)
  // count(*) and max() are numbers; the text and each evidence know what their own answers are.
  const row = aggregate(scan, range, ['count(*)', `max(${lineBytes})`, ...joined, ...aggregates])
  const [rows, largestLine, ...rest] = row as [number, number | null, ...unknown[]]
  const answers = rest.slice(joined.length)
  let at = 0
  const doubtful = [...evidence].flatMap(([column, one]) => {
    const from = at
    at += one.aggregates.length
    return one.isClean(answers.slice(from, at), rows) ? [] : [column]
  })
  const seen = text?.take(rest.slice(0, joined.length), (more) => aggregate(scan, range, more)) ?? { isClean: false, bytes: 0 }
  const isText = ({ column }: CheckedColumn) => column.value.kind === 'text' || column.value.kind === 'json'
  // In the table's order, so that findings come in it too.
  const suspects = scan.columns.filter((column) => doubtful.includes(column) || (!seen.isClean && isText(column)))
  return {
    rows,
    textBytes: seen.bytes,
    largestLine: largestLine ?? 0,
    suspects: confirm(scan, range, suspects, !seen.isClean),
  }
}

/** Those of the columns whose values, asked one by one, are suspect indeed. */
function confirm(scan: Scan, range: RowRange, doubtful: readonly CheckedColumn[], decodesText: boolean): readonly ColumnCheck[] {
  const checks = doubtful.flatMap((checked) => {
    const { column, isRowid, isRequired } = checked
    scan.plain.delete(checked)
    const close = closeEvidence(checked)
    if (close !== null) scan.evidence.set(checked, close)
    const suspect = suspectExpression(column, isRowid, isRequired, decodesText)
    return suspect === null ? [] : [{ column, inPrimaryKey: scan.mapping.primaryKey.includes(column.name), suspect }]
  })
  if (checks.length === 0) return []
  const counts = aggregate(
    scan,
    range,
    checks.map(({ suspect }) => `sum(${suspect})`),
  )
  return checks.filter((_, index) => Number(counts[index] ?? 0) > 0)
}

function aggregate(scan: Scan, range: RowRange, expressions: readonly string[]): readonly unknown[] {
  const clause = rangeClause(scan.key, range)
  // NOT INDEXED: what is seen is to be the rows themselves, which the copy reads, and not their image in an index.
  const sql = `SELECT ${expressions.join(',')} FROM ${quoteName(scan.mapping.table)} AS ${tableAlias} NOT INDEXED${clause.where}`
  const statement = scan.statements.get(sql) ?? scan.db.prepare(sql).raw()
  scan.statements.set(sql, statement)
  // An aggregate without GROUP BY always answers one row.
  return statement.get(...clause.params) as readonly unknown[]
}

/**
 * null where the table might have been read through an index that has all of its columns, which NOT INDEXED does not forbid
 * for WITHOUT ROWID tables, and where texts were not searched.
 */
function evidenceOf({ key, text, plain }: Scan, rows: number): CarriedEvidence | null {
  if (key.kind !== 'rowid' || text === null) return null
  return { rows, columns: [...plain].map(({ column }) => carriedColumn(column, text.specialsOf(column))) }
}
