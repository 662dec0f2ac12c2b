import type { TableMapping } from '@/lib/core/table-mapping'
import { tableAlias } from './copy-expression'
import { quoteName } from './sql-text'

export type KeyValue = bigint | number | string | Buffer

/** Rows by their key: after `after` (exclusive) up to `upTo` (inclusive), at most `limit`. Absent bounds are open. */
export interface RowRange {
  readonly after?: readonly KeyValue[]
  readonly upTo?: readonly KeyValue[]
  readonly limit?: number
}

/**
 * What a table is read in order of: the rowid (storage order, so a range is a sequential read; it cannot change in a
 * snapshot), or the primary key of a WITHOUT ROWID table. `none` when all three names of the rowid are taken by columns
 * and none of them is its alias: such a table is read in one piece.
 */
export type RowKey =
  | { readonly kind: 'rowid'; readonly expressions: readonly [string] }
  | { readonly kind: 'primaryKey'; readonly expressions: readonly string[] }
  | { readonly kind: 'none'; readonly expressions: readonly [] }

export function rowKeyOf(mapping: TableMapping): RowKey {
  if (mapping.withoutRowid) {
    return { kind: 'primaryKey', expressions: mapping.primaryKey.map((name) => `${tableAlias}.${quoteName(name)}`) }
  }
  if (mapping.rowidColumn !== null) return { kind: 'rowid', expressions: [`${tableAlias}.${quoteName(mapping.rowidColumn)}`] }
  const taken = new Set(mapping.columns.map((column) => column.name.toLowerCase()))
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
  return free === undefined ? { kind: 'none', expressions: [] } : { kind: 'rowid', expressions: [`${tableAlias}.${free}`] }
}

/** WHERE, ORDER BY and LIMIT for a range, with their parameters in order. A `none` key ignores the bounds. */
export function rangeClause(key: RowKey, range: RowRange): { readonly sql: string; readonly params: readonly KeyValue[] } {
  if (key.kind === 'none') return { sql: '', params: [] }
  const tuple = key.expressions.length === 1 ? `${key.expressions[0]}` : `(${key.expressions.join(',')})`
  const marks = key.expressions.length === 1 ? '?' : `(${key.expressions.map(() => '?').join(',')})`
  const conditions: string[] = []
  const params: KeyValue[] = []
  if (range.after !== undefined) {
    conditions.push(`${tuple}>${marks}`)
    params.push(...range.after)
  }
  if (range.upTo !== undefined) {
    conditions.push(`${tuple}<=${marks}`)
    params.push(...range.upTo)
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const limit = range.limit === undefined ? '' : ` LIMIT ${Math.trunc(range.limit)}`
  return { sql: `${where} ORDER BY ${key.expressions.join(',')}${limit}`, params }
}
