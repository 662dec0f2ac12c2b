import { AppError } from '@/lib/core/errors'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import type { CapturedTable } from '@/lib/sqlite/change-log'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { asBytes, lineExpression } from '@/lib/sqlite/values/copy-line'
import { readLargeRow, type Source } from '@/lib/sqlite/values/large-row'
import { sizeExpression } from '@/lib/sqlite/values/plain-page'
import { type KeyValue, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { columnReference, tableAlias } from '@/lib/sqlite/values/sql-text'
import type { SourceValue } from '@/lib/verification/canonical-value'

/** A table whose changes are applied: how it maps, and what its entries in the log look like. */
export interface AppliedTable {
  readonly captured: CapturedTable
  readonly mapping: TableMapping
}

/** A stretch of the log: after one number, up to and with another. */
export interface ChangeRange {
  readonly after: number
  readonly upTo: number
}

/** Reads one table's touched keys and rows as COPY data; statements are prepared once and serve every round. */
export interface TouchedRows {
  /** One line a key; a key that was touched often comes once. */
  keys(range: ChangeRange): Iterable<Buffer>
  /** Pieces of lines of the rows that these keys have now; `isEnd` where a line is complete. */
  rows(range: ChangeRange): Iterable<{ readonly data: Buffer; readonly isEnd: boolean }>
  /** The same rows as values in the order of the mapping's columns: for who must not trust the lines. */
  values(range: ChangeRange): Iterable<readonly SourceValue[]>
  /** Whether a row without a whole key stands in the table, of which the log could not tell. */
  hasRowWithoutKey(range: ChangeRange): boolean
  /** The key of the row of one line of `rows`, for people; null where it cannot be told. */
  printKey(range: ChangeRange, line: number): string | null
}

/** Texts and bytes of a row beyond this are encoded in pieces, so that memory is bounded whatever a row holds. */
const largeRowBytes = 64 * 1024

/** @param db a connection with registerCopyFunctions, within whose present transaction all is read */
export function createTouchedRows(db: SqliteDatabase, { captured, mapping }: AppliedTable, isUtf16: boolean): TouchedRows {
  const columns = keyColumnsOf(captured, mapping)
  const inRange = `"t" = ${captured.number} AND seq > ? AND seq <= ?`
  const log = quoteName('_bascule_change')
  const parts = captured.key.map((_, index) => `k${index}`)
  const names = captured.key.map((name, index) => `k${index} AS ${quoteName(name)}`).join(', ')
  // 1 and 1.0 are one key to SQLite, and may be two texts on PostgreSQL: the class counts where it can differ.
  const classes = mapping.rowidColumn === null ? parts.map((part) => `, typeof(${part})`).join('') : ''
  const distinct = `SELECT DISTINCT ${names}${classes} FROM ${log} WHERE ${inRange}`
  const keyLine = asBytes(lineExpression({ ...mapping, columns }, isUtf16), isUtf16)
  const keys = db.prepare(sql(`SELECT ${keyLine} FROM (${distinct}) AS ${tableAlias}`)).pluck()

  // IN, not a join: under NOCASE two keys of the log may lead to one row, which must come once.
  const references = captured.key.map(columnReference)
  const tuple = references.length === 1 ? `${references[0]}` : `(${references.join(', ')})`
  const from = `FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${tuple} IN (SELECT ${parts.join(', ')} FROM ${log} WHERE ${inRange})`
  const line = asBytes(lineExpression(mapping, isUtf16), isUtf16)
  const rowKey = rowKeyOf(mapping)
  const isSmall = rowKey.kind === 'none' ? '1' : `${sizeExpression(mapping)} <= ${largeRowBytes}`
  const located = rowKey.kind === 'none' ? '' : `, ${rowKey.expressions.join(', ')}`
  const rows = db
    .prepare(sql(`SELECT CASE WHEN ${isSmall} THEN ${line} END${located} ${from}`))
    .raw()
    .safeIntegers()
  const values = db
    .prepare(sql(`SELECT ${mapping.columns.map(({ name }) => columnReference(name)).join(', ')} ${from}`))
    .raw()
    .safeIntegers()
  const source: Source = { db, mapping, key: rowKey, isUtf16, statements: new Map() }

  const nullKey = db.prepare(
    sql(`SELECT 1 FROM ${log} WHERE ${inRange} AND (${parts.map((part) => `${part} IS NULL`).join(' OR ')}) LIMIT 1`),
  )
  const nullRow = db.prepare(
    sql(
      `SELECT 1 FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${references.map((name) => `${name} IS NULL`).join(' OR ')} LIMIT 1`,
    ),
  )
  const printed = db
    .prepare(sql(`SELECT ${references.join(', ')} ${from} LIMIT 1 OFFSET ?`))
    .raw()
    .safeIntegers()

  return {
    // A pluck()ed BLOB is a Buffer; the lines of COPY are BLOBs by their cast.
    keys: ({ after, upTo }) => keys.iterate(after, upTo) as Iterable<Buffer>,
    *rows({ after, upTo }) {
      for (const row of rows.iterate(after, upTo) as Iterable<[Buffer | null, ...KeyValue[]]>) {
        const [data, ...key] = row
        if (data !== null) yield { data, isEnd: true }
        else {
          for (const piece of readLargeRow(source, key)) yield { data: piece, isEnd: piece.at(-1) === newline }
        }
      }
    },
    values: ({ after, upTo }) => values.iterate(after, upTo) as Iterable<SourceValue[]>,
    hasRowWithoutKey: ({ after, upTo }) => nullKey.get(after, upTo) !== undefined && nullRow.get() !== undefined,
    printKey({ after, upTo }, number) {
      const row = printed.get(after, upTo, number - 1) as unknown[] | undefined
      return row ? captured.key.map((name, index) => `${name}=${String(row[index]).slice(0, 200)}`).join(', ') : null
    },
  }
}

const newline = 10

/** @throws AppError STATE_CONFLICT when the target has no column of the key */
export function keyColumnsOf(captured: CapturedTable, mapping: TableMapping): readonly ColumnMapping[] {
  return captured.key.map((name) => {
    const column = mapping.columns.find((candidate) => candidate.name === name)
    if (column) return column
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'apply changes',
      subject: `${mapping.table}.${name}`,
      message: `The key of ${mapping.table} is not on PostgreSQL.`,
      hint: 'Discard the copy, and migrate with the app read-only.',
    })
  })
}

/** Made of quoted names, numbers, and what lib/sqlite/values generates. */
function sql(text: string): SafeSql {
  return safeSql`${text as SafeSql}`
}
