import type { TableMapping } from '@/lib/core/table-mapping'
import { copyExpression } from './copy-expression'
import { copyFunctions, registerCopyFunctions } from './copy-functions'
import { type KeyValue, type RowRange, rangeClause, rowKeyOf } from './row-range'
import { concatAll, quoteName, tableAlias } from './sql-text'

export { registerCopyFunctions }

export interface CopyOptions extends RowRange {
  /** At most so many rows. Default: all of the range. */
  readonly limit?: number
  /** `PRAGMA encoding` of the source is UTF-16: text must be encoded anew. Default: false. */
  readonly isUtf16?: boolean
}

export interface CopyQuery {
  readonly sql: string
  readonly params: readonly KeyValue[]
}

/** The columns that COPY names, in the order of the fields of a line: all but the generated ones. */
export function copyColumns(mapping: TableMapping): readonly string[] {
  return mapping.columns.filter((column) => !column.generated).map((column) => column.name)
}

/**
 * A SELECT whose one column `line` (a BLOB, so that better-sqlite3 hands over bytes and invalid UTF-8 stays visible to
 * PostgreSQL) is one newline-terminated line of COPY's text format. The connection needs registerCopyFunctions.
 * A value that checkTable blocks either makes the statement throw VALUE_REFUSED or is refused by PostgreSQL; no value
 * is altered on the way. For whole tables readCopyPages is twice as fast and bounded in memory.
 */
export function copySelect(mapping: TableMapping, options: CopyOptions = {}): CopyQuery {
  const clause = rangeClause(rowKeyOf(mapping), options)
  const isUtf16 = options.isUtf16 ?? false
  const limit = options.limit === undefined ? '' : ` LIMIT ${Math.trunc(options.limit)}`
  const line = asBytes(lineExpression(mapping, isUtf16), isUtf16)
  const from = `${quoteName(mapping.table)} AS ${tableAlias}${clause.where}${clause.orderBy}${limit}`
  return { sql: `SELECT ${line} AS line FROM ${from}`, params: clause.params }
}

/** The text of one line, newline included. */
export function lineExpression(mapping: TableMapping, isUtf16: boolean): string {
  const columns = mapping.columns.filter((column) => !column.generated)
  if (columns.length === 0) return "'\n'"
  return concatAll(
    columns.flatMap((column, index) => [
      copyExpression(column, column.name === mapping.rowidColumn, isUtf16),
      index === columns.length - 1 ? "'\n'" : "'\t'",
    ]),
  )
}

/** Bytes in UTF-8 of a text expression: a cast copies nothing, but gives the database's own encoding. */
export function asBytes(expression: string, isUtf16: boolean): string {
  return isUtf16 ? `${copyFunctions.utf8}(CAST(${expression} AS TEXT))` : `CAST(${expression} AS BLOB)`
}
