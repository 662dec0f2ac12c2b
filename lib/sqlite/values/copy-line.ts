import type { TableMapping } from '@/lib/core/table-mapping'
import { copyExpression, tableAlias } from './copy-expression'
import { copyFunctions, registerCopyFunctions } from './copy-functions'
import { type KeyValue, type RowRange, rangeClause, rowKeyOf } from './row-range'
import { quoteName } from './sql-text'

export { registerCopyFunctions }

export interface CopyOptions extends RowRange {
  /** `PRAGMA encoding` of the source is UTF-16: text must be re-encoded line by line. Default: false. */
  readonly isUtf16?: boolean
}

export interface CopyQuery {
  readonly sql: string
  readonly params: readonly KeyValue[]
}

/** The columns that COPY names, in the order of copySelect's fields: all but the generated ones. */
export function copyColumns(mapping: TableMapping): readonly string[] {
  return mapping.columns.filter((column) => !column.generated).map((column) => column.name)
}

/**
 * A SELECT whose one column `line` (a BLOB, so that better-sqlite3 hands over bytes and invalid UTF-8 stays visible to
 * PostgreSQL) is one newline-terminated line of COPY's text format. The connection needs registerCopyFunctions.
 * A value that checkTable blocks either makes the statement throw VALUE_REFUSED or is refused by PostgreSQL; no value
 * is altered on the way.
 */
export function copySelect(mapping: TableMapping, options: CopyOptions = {}): CopyQuery {
  const range = rangeClause(rowKeyOf(mapping), options)
  const line = lineExpression(mapping, options.isUtf16 ?? false)
  return { sql: `SELECT ${line} AS line FROM ${quoteName(mapping.table)} AS ${tableAlias}${range.sql}`, params: range.params }
}

/** SQLite takes at most 1000 arguments to a function; a field and its separator are two. */
const fieldsPerCall = 400

function lineExpression(mapping: TableMapping, isUtf16: boolean): string {
  const columns = mapping.columns.filter((column) => !column.generated)
  const fields = columns.map((column) => copyExpression(column, column.name === mapping.rowidColumn, isUtf16))
  const parts = fields.map((field, index) => `${field},${index === fields.length - 1 ? "'\n'" : "'\t'"}`)
  const groups: string[] = []
  for (let from = 0; from < parts.length; from += fieldsPerCall) {
    groups.push(`concat(${parts.slice(from, from + fieldsPerCall).join(',')})`)
  }
  const line = groups.length === 1 ? `${groups[0]}` : `concat(${groups.join(',')})`
  return isUtf16 ? `${copyFunctions.utf8}(${line})` : `CAST(${line} AS BLOB)`
}
