import type { Database } from 'better-sqlite3'
import type { TableMapping } from '@/lib/core/table-mapping'
import { columnReference, quoteName, tableAlias } from './sql-text'

export type KeyValue = bigint | number | string | Buffer

/** Rows by their key: after `after` (exclusive) up to `upTo` (inclusive). Absent bounds are open. */
export interface RowRange {
  readonly after?: readonly KeyValue[]
  readonly upTo?: readonly KeyValue[]
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
  if (mapping.withoutRowid) return { kind: 'primaryKey', expressions: mapping.primaryKey.map(columnReference) }
  if (mapping.rowidColumn !== null) return { kind: 'rowid', expressions: [columnReference(mapping.rowidColumn)] }
  const taken = new Set(mapping.columns.map((column) => column.name.toLowerCase()))
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
  return free === undefined ? { kind: 'none', expressions: [] } : { kind: 'rowid', expressions: [`${tableAlias}.${free}`] }
}

export interface RangeClause {
  /** `WHERE …`, or empty. */
  readonly where: string
  /** `ORDER BY …`, or empty. */
  readonly orderBy: string
  /** Of the WHERE clause, in order. */
  readonly params: readonly KeyValue[]
}

/** The clauses that read a range in key order. A `none` key ignores the bounds. Each part begins with a space. */
export function rangeClause(key: RowKey, range: RowRange): RangeClause {
  if (key.kind === 'none') return { where: '', orderBy: '', params: [] }
  const single = key.expressions.length === 1
  const tuple = single ? `${key.expressions[0]}` : `(${key.expressions.join(',')})`
  const marks = single ? '?' : `(${key.expressions.map(() => '?').join(',')})`
  const conditions = [
    ...(range.after === undefined ? [] : [`${tuple}>${marks}`]),
    ...(range.upTo === undefined ? [] : [`${tuple}<=${marks}`]),
  ]
  return {
    where: conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`,
    orderBy: ` ORDER BY ${key.expressions.join(',')}`,
    params: [...(range.after ?? []), ...(range.upTo ?? [])],
  }
}

/**
 * Where a slice ends: the key of its last row, or `rest` where no further row has a key that can be told apart, and the
 * range is to be read to its end in one piece.
 */
export type SliceEnd = KeyValue[] | 'rest'

/**
 * The end of the next `rows` rows of a range, or of a few more, found by walking the keys only; null when no row is left,
 * or when the table has no key to go by.
 */
export function endOfSlice(db: Database, mapping: TableMapping, key: RowKey, range: RowRange, rows: number): SliceEnd | null {
  if (key.kind === 'none') return null
  const clause = rangeClause(key, range)
  const from = `SELECT ${key.expressions.join(',')} FROM ${quoteName(mapping.table)} AS ${tableAlias}${clause.where}`
  const end = readKey(db, `${from}${clause.orderBy} LIMIT -1 OFFSET ?`, [...clause.params, BigInt(rows - 1)])
  if (end !== null) return end
  const descending = key.expressions.map((expression) => `${expression} DESC`).join(',')
  return readKey(db, `${from} ORDER BY ${descending} LIMIT 1`, clause.params)
}

/** The first key that comes back to SQLite as it was; `rest` when there are rows, and none has one. */
function readKey(db: Database, sql: string, params: readonly KeyValue[]): SliceEnd | null {
  // raw() answers the values in the order selected; a rowid and the key of a WITHOUT ROWID table are never NULL.
  const rows = db
    .prepare(sql)
    .raw()
    .safeIntegers()
    .iterate(...params) as Iterable<KeyValue[]>
  let isEmpty = true
  for (const row of rows) {
    if (row.every(isFaithful)) return row
    isEmpty = false
  }
  return isEmpty ? null : 'rest'
}

/** Text that is no valid UTF-8 (or UTF-16) reaches JavaScript as U+FFFD, and would stand at another place of the order. */
function isFaithful(value: KeyValue): boolean {
  return typeof value !== 'string' || !value.includes('\uFFFD')
}
