import type { Statement } from 'better-sqlite3'
import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { rowidName } from '@/lib/sqlite/count-rows'
import { readCursor, writeCursor } from './browse-cursor'
import type { BrowseOptions, SidePage } from './browse-options'
import { sourceCells, sourceCellsSql } from './browsed-cells'
import type { Cell } from './browsed-rows'
import { canonicalSource, type SourceValue } from './canonical-value'
import { type PrintedKey, sourceCondition } from './find-row'
import type { Inspection } from './inspection'
import { printKeyValue } from './print-key'
import { keyParts } from './row-order'
import { splitSearch } from './search-key'

/** A key that SQLite cannot search by its index is looked for in every row: only in tables up to this many. */
const mostScannedRows = 20_000

/** In storage order, so that any table pages quickly; a table without rowid by its key. Each page begins where the last ended. */
export function sourcePage({ db }: Inspection, table: SqliteTable, mapping: TableMapping, options: BrowseOptions): SidePage {
  const rowid = rowidName(table)
  const keys = mapping.primaryKey
  const order = rowid === null ? keys.map(quoteName) : [rowid]
  const searched = searchCondition(mapping, options.key)
  const after = readCursor(options.after, order.length)
  const conditions = [...searched.conditions]
  if (after !== null) conditions.push(`(${order.join(', ')}) > (${order.map(() => '?').join(', ')})`)
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const fields = [...order, ...keys.map(quoteName), ...sourceCellsSql(mapping)]
  const sql = `SELECT ${fields.join(', ')} FROM ${quoteName(table.name)}${where} ORDER BY ${order.join(', ')} LIMIT ?`
  const found = z.array(z.array(z.unknown())).parse(
    db
      .prepare(sql)
      .raw()
      .safeIntegers()
      .all(...searched.params, ...(after ?? []), options.limit + 1),
  )
  const shown = found.slice(0, options.limit)
  const parts = keyParts(mapping)
  const rows = shown.map((row) => {
    // What better-sqlite3 answers is what a column of SQLite can hold.
    const stored = row.slice(0, order.length + keys.length) as SourceValue[]
    const storedOf = (name: string) => stored[order.length + keys.indexOf(name)] ?? null
    const key = parts
      ? Object.fromEntries(parts.map((part) => [part.name, printKeyValue(canonicalSource(storedOf(part.name), part.value), part)]))
      : { rowid: String(stored[0]) }
    return { key, cells: sourceCells(mapping, row.slice(order.length + keys.length)) }
  })
  const last = shown.at(-1)?.slice(0, order.length) as SourceValue[] | undefined
  return { rows, next: found.length > options.limit && last ? writeCursor(last) : null }
}

/** What was searched for begins the last part of the key and is the others: ranges, which an index serves. */
function searchCondition(mapping: TableMapping, search: string | undefined): { conditions: readonly string[]; params: readonly unknown[] } {
  const conditions: string[] = []
  const params: unknown[] = []
  for (const { part, text, isLast } of splitSearch(mapping, search)) {
    const name = quoteName(part.name)
    if (part.directClass === 'text' && isLast && text !== '') {
      conditions.push(`${name} >= ? AND ${name} < ?`)
      // The last character of Unicode follows whatever goes on from the text.
      params.push(text, `${text}\u{10ffff}`)
    } else if (part.directClass === 'integer' || part.isNumeric) {
      conditions.push(`${name} = CAST(? AS NUMERIC)`)
      params.push(text)
    } else if (part.directClass === 'blob') {
      conditions.push(`${name} = ?`)
      params.push(Buffer.from(text.replace(/^(\\?x)/i, ''), 'hex'))
    } else {
      conditions.push(`${name} = ? COLLATE NOCASE`)
      params.push(text)
    }
  }
  return { conditions, params }
}

/**
 * The rows of these keys, in their order; null where there is none, undefined where it could only be found by reading a large
 * table through: no key, or one of another form than is stored.
 */
export function sourceRows(
  { db }: Inspection,
  table: SqliteTable,
  mapping: TableMapping,
  keys: readonly PrintedKey[],
): readonly (Cell[] | null | undefined)[] {
  const parts = keyParts(mapping)
  if (parts === null) return keys.map(() => undefined)
  if (parts.some(({ directClass }) => directClass === null)) {
    const first = `SELECT count(*) FROM (SELECT 1 FROM ${quoteName(table.name)} LIMIT ${mostScannedRows + 1})`
    if (z.number().parse(db.prepare(first).pluck().get()) > mostScannedRows) return keys.map(() => undefined)
  }
  const fields = sourceCellsSql(mapping).join(', ')
  const statements = new Map<string, Statement>()
  return keys.map((key) => {
    const condition = sourceCondition(db, table, mapping, key)
    if (!condition) return null
    const sql = `SELECT ${fields} FROM ${quoteName(table.name)} WHERE ${condition.sql} LIMIT 1`
    const statement = statements.get(sql) ?? db.prepare(sql).raw().safeIntegers()
    statements.set(sql, statement)
    const row = z
      .array(z.unknown())
      .optional()
      .parse(statement.get(...condition.params))
    return row ? sourceCells(mapping, row) : null
  })
}
