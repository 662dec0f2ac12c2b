import type { SqliteIndex, SqliteTable } from '@/lib/core/catalogue'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { isReservedTrigger } from '@/lib/core/reserved-names'

/** A table whose changes are logged: its number in the log, and the columns by which its rows are known. */
export interface LoggedTable {
  readonly table: SqliteTable
  readonly number: number
  readonly key: readonly string[]
  /** The primary key's own index, with its collations; null where the key is the rowid itself, or where there is none. */
  readonly primaryKeyIndex: Pick<SqliteIndex, 'parts' | 'where'> | null
}

/** Prefix of our triggers; see `isReservedTrigger`. */
const prefix = '_bascule_log_'
const rowidNames = ['rowid', '_rowid_', 'oid']

/**
 * The columns by which a row can be found again after it was deleted here: the primary key, or else a unique index over
 * columns that are never NULL (Prisma's implicit many-to-many tables have nothing else). Null where there is neither: of a
 * deleted row nothing would be known on PostgreSQL, which has no rowid.
 */
export function changeKeyOf(table: SqliteTable): readonly string[] | null {
  if (table.primaryKey.length > 0) return table.primaryKey
  const named = new Map(table.columns.map((column) => [column.name, column]))
  const index = table.indexes.find(
    (candidate) =>
      candidate.unique &&
      candidate.where === null &&
      candidate.parts.every(({ column, collation }) => {
        const found = column === null ? undefined : named.get(column)
        return found?.notNull === true && found.generated === null && collation === 'BINARY'
      }),
  )
  return index?.parts.flatMap(({ column }) => column ?? []) ?? null
}

/**
 * The triggers of one table. Three note the keys that a statement names; two more note the keys of rows that it may
 * *displace*: REPLACE deletes whatever stands in the way on any unique index, and SQLite fires no delete trigger for it
 * unless the connection has asked for `recursive_triggers` (https://www.sqlite.org/lang_conflict.html). So the rows that
 * stand in the way are looked up before. A key noted without need costs one row read again, nothing else.
 *
 * No statement here can fail on a constraint, since the log has none: within a trigger the conflict clause of the outer
 * statement applies, and INSERT OR IGNORE would drop an entry in silence.
 */
export function changeTriggers(logged: LoggedTable, log: SafeSql): readonly SafeSql[] {
  const { table, number, key } = logged
  const on = quoteName(table.name)
  const keep = (from: 'OLD' | 'NEW') => sql(`${key.map((name) => `${from}.${quoteName(name)}`).join(', ')}`)
  const into = safeSql`INSERT INTO ${log} (t, ${keyColumns(key.length)})`
  const create = (kind: string, event: string, body: string) =>
    sql(`CREATE TRIGGER ${quoteName(`${prefix}${number}_${kind}`)} ${event} ON ${on} BEGIN ${body} END`)
  const triggers = [
    create('insert', 'AFTER INSERT', `${into} VALUES (${number}, ${keep('NEW')});`),
    create('delete', 'AFTER DELETE', `${into} VALUES (${number}, ${keep('OLD')});`),
    create(
      'update',
      'AFTER UPDATE',
      `${into} VALUES (${number}, ${keep('NEW')}); ${into} SELECT ${number}, ${keep('OLD')} WHERE ${keyChanged(logged)};`,
    ),
  ]
  const inTheWay = uniqueIndexes(logged).map((index) => conflictCondition(table, index))
  const rowid = freeRowid(table)
  // The rowid of a row that is still to be made is -1 unless the statement names one.
  if (rowid !== null) inTheWay.push(`_o.${rowid} = NEW.${rowid} AND NEW.${rowid} <> -1`)
  if (inTheWay.length > 0) {
    const selected = key.map((name) => `_o.${quoteName(name)}`).join(', ')
    const displaced = (where: string) => `${into} SELECT ${number}, ${selected} FROM ${on} AS _o WHERE ${where};`
    const isOther = `NOT (${key.map((name) => `_o.${quoteName(name)} IS OLD.${quoteName(name)}`).join(' AND ')})`
    triggers.push(create('replace', 'BEFORE INSERT', inTheWay.map(displaced).join(' ')))
    const body = inTheWay.map((condition) => displaced(`${condition} AND ${isOther}`)).join(' ')
    triggers.push(create('displace', `BEFORE UPDATE${updatedColumns(logged)}`, body))
  }
  return triggers
}

/** Whether a trigger of this name fills the change log. */
export function isChangeTrigger(name: string): boolean {
  return name.startsWith(prefix) && isReservedTrigger(name)
}

/** The log's columns for a key of so many parts. */
export function keyColumns(parts: number): SafeSql {
  return sql(Array.from({ length: parts }, (_, index) => `k${index}`).join(', '))
}

/** Compared bit by bit: under NOCASE, or as 1 and 1.0, an old and a new key may be equal here and two on PostgreSQL. */
function keyChanged({ table, key }: LoggedTable): string {
  return key
    .map((name) => {
      const [before, now] = [`OLD.${quoteName(name)}`, `NEW.${quoteName(name)}`]
      if (name === table.rowidColumn) return `${now} <> ${before}`
      return `(${now} COLLATE BINARY IS NOT ${before} OR typeof(${now}) <> typeof(${before}))`
    })
    .join(' OR ')
}

function uniqueIndexes({ table, primaryKeyIndex }: LoggedTable): readonly Pick<SqliteIndex, 'parts' | 'where'>[] {
  const unique = table.indexes.filter((index) => index.unique)
  return primaryKeyIndex === null ? unique : [primaryKeyIndex, ...unique]
}

/**
 * Which rows an index would not let stand beside the new one. Expressions are asked of the new row through a row of its
 * values under the columns' own names, so that their text stays as the index has it and the index is used.
 */
function conflictCondition(table: SqliteTable, index: Pick<SqliteIndex, 'parts' | 'where'>): string {
  const parts = index.parts.map(({ column, expression, collation }) => {
    const collate = `COLLATE ${quoteName(collation)}`
    if (column !== null) return `_o.${quoteName(column)} ${collate} = NEW.${quoteName(column)}`
    const values = table.columns.map(({ name }) => `NEW.${quoteName(name)} AS ${quoteName(name)}`).join(', ')
    return `(${expression}) ${collate} = (SELECT ${expression} FROM (SELECT ${values}))`
  })
  return [...parts, ...(index.where === null ? [] : [`(${index.where})`])].join(' AND ')
}

/**
 * An update can only displace rows when it names a column of a unique index, or the rowid by any of its names: SQLite
 * compares the words of the SET list with this one, columns or not. Conditions and expressions may hang on any column.
 */
function updatedColumns(logged: LoggedTable): string {
  const indexes = uniqueIndexes(logged)
  const generated = new Set(logged.table.columns.filter((column) => column.generated !== null).map((column) => column.name))
  const isNamed = indexes.every(
    ({ parts, where }) => where === null && parts.every(({ column }) => column !== null && !generated.has(column)),
  )
  const names = new Set(indexes.flatMap(({ parts }) => parts.flatMap(({ column }) => column ?? [])))
  const rowids = freeRowid(logged.table) === null ? [] : rowidNames
  return isNamed ? ` OF ${[...names, ...rowids.filter((name) => !names.has(name))].map(quoteName).join(', ')}` : ''
}

/** By which name the rowid of a table without INTEGER PRIMARY KEY can be written; null where it cannot. */
function freeRowid(table: SqliteTable): string | null {
  if (table.withoutRowid || table.rowidColumn !== null) return null
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()))
  return rowidNames.find((name) => !taken.has(name)) ?? null
}

/** Its parts are quoted names, numbers, and what the file itself holds as the text of an index. */
function sql(text: string): SafeSql {
  return text as SafeSql
}
