import type pg from 'pg'
import type { PostgresColumn, PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { waitingKeysSql } from '@/lib/postgres/change-log'

/**
 * Columns that PostgreSQL has and the file has not: the migration made them where the data model was ahead of the file. They go
 * unnoticed for as long as no row says anything in them.
 */
export function extraColumnsOf(target: PostgresTable, source: SqliteTable): readonly PostgresColumn[] {
  return target.columns.filter(({ name, generated }) => !generated && !source.columns.some((column) => column.name === name))
}

/**
 * Refuses the way back where a row has something else than NULL or the column's default in such a column: it would be lost.
 *
 * @param key of the rows that wait in the change log, which alone are looked at; empty for all rows of the table
 * @throws AppError STRUCTURE_UNSUPPORTED naming the column
 */
export async function requireNothingExtra(
  client: pg.Client,
  { schema, name: table }: PostgresTable,
  columns: readonly PostgresColumn[],
  key: readonly string[],
): Promise<void> {
  if (columns.length === 0) return
  const fields = columns.map((column, at) => `bool_or(${saysSomething(column)}) AS c${at}`)
  const on = key.map((part) => `t.${quoteName(part)} = r.${quoteName(part)}`).join(' AND ')
  const waiting = key.length === 0 ? '' : ` JOIN (${waitingKeysSql(schema, table, key)}) AS r ON ${on}`
  const { rows } = await client.query<(boolean | null)[]>({
    text: `SELECT ${fields.join(', ')} FROM ${qualifiedName(schema, table)} AS t${waiting}`,
    rowMode: 'array',
  })
  const lost = columns.find((_, at) => rows[0]?.[at] === true)
  if (lost) throw valuesWithoutPlace(table, lost.name)
}

/** A type such as json has no equality of its own; as texts all have. */
function saysSomething({ name, defaultSql }: PostgresColumn): string {
  const column = `t.${quoteName(name)}`
  const isSomething = `${column} IS NOT NULL`
  return defaultSql !== null && isConstant(defaultSql)
    ? `(${isSomething} AND ${column}::text <> (${defaultSql})::text)`
    : `(${isSomething})`
}

/** Asking a default that is computed would draw a number from a sequence, or be another one each time. */
function isConstant(defaultSql: string): boolean {
  const bare = defaultSql.replaceAll(/'(?:[^']|'')*'/g, '')
  return !/[(]|\b(?:CURRENT_|LOCALTIME|SESSION_USER|USER)/i.test(bare)
}

function valuesWithoutPlace(table: string, column: string): AppError {
  return new AppError({
    code: 'STRUCTURE_UNSUPPORTED',
    operation: 'carry changes back to SQLite',
    subject: `${table}.${column}`,
    message: `PostgreSQL has the column ${table}.${column}, the SQLite file does not, and rows have values in it that are not its default: they would be lost.`,
    hint: 'The data model was ahead of the file when it was migrated, or the column was added since. Where nobody needs these values, drop the column on PostgreSQL or set it to NULL or its default, then switch back.',
  })
}
