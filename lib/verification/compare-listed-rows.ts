import type pg from 'pg'
import type { SqliteTable } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
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
  const { client, mapping, key, keysSql } = rows
  const table = qualifiedName(mapping.targetSchema, mapping.table)
  const same = key.map((name) => `t.${quoteName(name)} = r.${quoteName(name)}`).join(' AND ')
  const find = createFinder(rows)
  let compared = 0
  const gone = keyColumns(rows)
  const absentSql = `SELECT ${gone.map(fieldSql).join(', ')} FROM (${keysSql}) AS r WHERE NOT EXISTS (SELECT 1 FROM ${table} AS t WHERE ${same})`
  for await (const values of readRows(client, absentSql, gone)) {
    compared += 1
    const printed = printRowKey(values, gone, rows)
    if (find(printed)) return { compared, difference: { key: printed, column: null } }
  }
  const columns = mapping.columns
  const presentSql = `SELECT ${columns.map(fieldSql).join(', ')} FROM ${table} AS t WHERE EXISTS (SELECT 1 FROM (${keysSql}) AS r WHERE ${same})`
  for await (const values of readRows(client, presentSql, columns)) {
    compared += 1
    const printed = printRowKey(values, columns, rows)
    const found = find(printed)
    if (!found) return { compared, difference: { key: printed, column: null } }
    const at = columns.findIndex((column, index) => !isSame(found[index] ?? null, values[index] ?? null, column.value))
    if (at >= 0) return { compared, difference: { key: printed, column: columns[at]?.name ?? null } }
  }
  return { compared, difference: null }
}

function keyColumns({ mapping, key }: ListedRows) {
  return key.flatMap((name) => mapping.columns.find((column) => column.name === name) ?? [])
}

async function* readRows(
  client: pg.Client,
  sql: string,
  columns: readonly TableMapping['columns'][number][],
): AsyncGenerator<readonly Canonical[]> {
  const rows = new TargetRows(copyOut(client, `COPY (${sql}) TO STDOUT (FORMAT binary)`), columns.length)
  try {
    while (await advanceRow(rows)) yield columns.map(({ value }, at) => canonicalTarget(rows.row, at, value))
  } finally {
    // Also after an early return: the connection is the caller's.
    await rows.drain()
  }
}

function printRowKey(values: readonly Canonical[], columns: readonly TableMapping['columns'][number][], rows: ListedRows): PrintedKey {
  const parts = keyParts({ ...rows.mapping, primaryKey: rows.key }) ?? []
  return Object.fromEntries(
    parts.map((part) => [part.name, printKeyValue(values[columns.findIndex(({ name }) => name === part.name)] ?? null, part)]),
  )
}

/** Finds a row of the source by its key, all its columns in the mapping's order. */
function createFinder({ db, source, mapping, key }: ListedRows): (key: PrintedKey) => readonly SourceValue[] | null {
  const keyed = { ...mapping, primaryKey: key }
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
    return (statement.get(...condition.params) as readonly SourceValue[] | undefined) ?? null
  }
}

/** Finer than a millisecond is what Prisma reads on neither side. */
function isSame(source: SourceValue, target: Canonical, value: TableMapping['columns'][number]['value']): boolean {
  const one = canonicalSource(source, value)
  if (one === unreadable) return false
  return one === (typeof target === 'string' && value.kind === 'timestamp' ? target.replace(/ and \d+ microseconds$/, '') : target)
}
