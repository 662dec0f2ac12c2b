import type pg from 'pg'
import type { SqliteTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { type Canonical, canonicalSource, canonicalTarget, type SourceValue, unreadable } from './canonical-value'
import { advanceRow } from './comparison'
import { copyOut } from './copy-out'
import { type PrintedKey, sourceCondition } from './find-row'
import { printKeyValue } from './print-key'
import { keyParts } from './row-order'
import { fieldSql } from './target-row-sql'
import { TargetRows } from './target-rows'

export interface ListedRows {
  readonly db: SqliteDatabase
  /** In the transaction whose rows are compared. */
  readonly client: pg.Client
  readonly source: SqliteTable
  readonly mapping: TableMapping
  /** Columns that make up the key of the list; the table's primary key, or another unique one. */
  readonly key: readonly string[]
  /** A query of PostgreSQL that answers the keys, in columns of their names and types; each key once. */
  readonly keysSql: string
  /** Whether the source may hold keys in another storage class than their column's own. Default: false. */
  readonly hasOddKeys?: boolean
}

/** A row that is not the same on both sides. */
export interface ListedDifference {
  readonly key: PrintedKey
  /** Null: the row is on one side only. */
  readonly column: string | null
}

/**
 * Compares the rows of a list of keys, in the way of the whole comparison: typed values, read on each side by its own way.
 * For keys that were touched a moment ago, when there is no time to compare the tables. Stops at the first difference.
 *
 * @returns how many keys were compared, and the first difference
 */
export async function compareListedRows(rows: ListedRows): Promise<{ compared: number; difference: ListedDifference | null }> {
  const { client, mapping } = rows
  const find = createFinder(rows)
  const keyed = keyColumns(rows)
  const { columns } = mapping
  let compared = 0
  for await (const { isThere, keyValues, values } of readRows(client, listedSql(rows, keyed), keyed, columns)) {
    compared += 1
    const printed = printRowKey(keyValues, keyed, rows)
    const found = find(printed)
    if (!isThere && !found) continue
    if (!isThere || !found) return { compared, difference: { key: printed, column: null } }
    const at = columns.findIndex((column, index) => !isSame(found[index] ?? null, values[index] ?? null, column.value))
    if (at >= 0) return { compared, difference: { key: printed, column: columns[at]?.name ?? null } }
  }
  return { compared, difference: null }
}

/** In one statement, since somebody may wait for it: whether there is such a row, its key, its columns. */
function listedSql({ mapping, keysSql }: ListedRows, keyed: readonly ColumnMapping[]): string {
  const names = keyed.map(({ name }, index) => `${quoteName(name)} AS q${index}`)
  const keys = keyed.map((column, index) => `${fieldSql(column)} AS p${index}`)
  const columns = mapping.columns.map((column, index) => `${fieldSql(column)} AS c${index}`)
  const fields = ['s.is_there', ...keyed.map((_, index) => `r.p${index}`), ...mapping.columns.map((_, index) => `s.c${index}`)]
  return `SELECT ${fields.join(', ')} FROM (SELECT ${[...names, ...keys].join(', ')} FROM (${keysSql}) AS k) AS r
    LEFT JOIN (SELECT true AS is_there, ${[...names, ...columns].join(', ')} FROM ${qualifiedName(mapping.targetSchema, mapping.table)} AS t) AS s
      ON ${keyed.map((_, index) => `s.q${index} = r.q${index}`).join(' AND ')}`
}

function keyColumns({ mapping, key }: ListedRows): readonly ColumnMapping[] {
  return key.flatMap((name) => mapping.columns.find((column) => column.name === name) ?? [])
}

interface ListedRow {
  readonly isThere: boolean
  readonly keyValues: readonly Canonical[]
  /** Of no meaning where there is no such row. */
  readonly values: readonly Canonical[]
}

async function* readRows(
  client: pg.Client,
  sql: string,
  keyed: readonly ColumnMapping[],
  columns: readonly ColumnMapping[],
): AsyncGenerator<ListedRow> {
  const firstKey = 1
  const firstColumn = firstKey + keyed.length
  const rows = new TargetRows(copyOut(client, `COPY (${sql}) TO STDOUT (FORMAT binary)`), firstColumn + columns.length)
  try {
    while (await advanceRow(rows)) {
      const isThere = rows.row.lengths[0] !== -1
      yield {
        isThere,
        keyValues: keyed.map(({ value }, at) => canonicalTarget(rows.row, firstKey + at, value)),
        values: isThere ? columns.map(({ value }, at) => canonicalTarget(rows.row, firstColumn + at, value)) : [],
      }
    }
  } finally {
    // Also after an early return: the connection is the caller's.
    await rows.drain()
  }
}

function printRowKey(values: readonly Canonical[], columns: readonly ColumnMapping[], rows: ListedRows): PrintedKey {
  const parts = keyParts({ ...rows.mapping, primaryKey: rows.key }) ?? []
  return Object.fromEntries(
    parts.map((part) => [part.name, printKeyValue(values[columns.findIndex(({ name }) => name === part.name)] ?? null, part)]),
  )
}

/** Finds a row of the source by its key, all its columns in the mapping's order. */
function createFinder(rows: ListedRows): (key: PrintedKey) => readonly SourceValue[] | null {
  const { db, source, mapping, key } = rows
  const keyed = { ...mapping, primaryKey: key }
  const findOdd = createOddFinder(rows)
  const columns = mapping.columns.map(({ name }) => quoteName(name)).join(', ')
  const prepare = (where: string) =>
    db
      .prepare(`SELECT ${columns} FROM ${quoteName(mapping.table)} WHERE ${where} LIMIT 1`)
      .raw()
      .safeIntegers()
  const statements = new Map<string, ReturnType<typeof prepare>>()
  return (printed) => {
    const condition = sourceCondition(db, source, keyed, printed)
    if (!condition) return null
    const statement = statements.get(condition.sql) ?? prepare(condition.sql)
    statements.set(condition.sql, statement)
    // What better-sqlite3 answers is what a column of SQLite can hold.
    const found = (statement.get(...condition.params) ?? findOdd(printed)) as readonly SourceValue[] | undefined
    return found ?? null
  }
}

/**
 * Finds rows whose key has another class than its column's own, which the key's index does not find. All of them are printed
 * once: to search the table for each key would take an hour where many are listed.
 */
function createOddFinder({ db, mapping, key, hasOddKeys = false }: ListedRows): (key: PrintedKey) => unknown {
  const parts = keyParts({ ...mapping, primaryKey: key })
  if (!hasOddKeys || !parts) return () => undefined
  const named = parts.map(({ name }) => quoteName(name))
  const columns = mapping.columns.map(({ name }) => quoteName(name)).join(', ')
  const odd = parts.flatMap(({ directClass }, at) => (directClass === null ? [] : `typeof(${named[at]}) <> '${directClass}'`))
  if (odd.length === 0) return () => undefined
  const keysOf = db
    .prepare(`SELECT ${named.join(', ')} FROM ${quoteName(mapping.table)} WHERE ${odd.join(' OR ')}`)
    .raw()
    .safeIntegers()
  const print = (values: readonly SourceValue[]) =>
    JSON.stringify(parts.map((part, at) => printKeyValue(canonicalSource(values[at] ?? null, part.value), part)))
  // What better-sqlite3 answers is what a column of SQLite can hold.
  const known = new Map([...(keysOf.iterate() as Iterable<readonly SourceValue[]>)].map((values) => [print(values), values]))
  const find = db
    .prepare(`SELECT ${columns} FROM ${quoteName(mapping.table)} WHERE ${named.map((name) => `${name} = ? COLLATE BINARY`).join(' AND ')}`)
    .raw()
    .safeIntegers()
  return (printed) => {
    const values = known.get(JSON.stringify(parts.map(({ name }) => printed[name])))
    return values && find.get(...values)
  }
}

/** Finer than a millisecond is what Prisma reads on neither side. */
function isSame(source: SourceValue, target: Canonical, value: ColumnMapping['value']): boolean {
  const one = canonicalSource(source, value)
  if (one === unreadable) return false
  return (
    one === target ||
    (one !== null && typeof target === 'string' && value.kind === 'timestamp' && one === target.replace(/ and \d+ microseconds$/, ''))
  )
}
