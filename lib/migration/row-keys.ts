import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'

export type RowKeys = readonly Readonly<Record<string, string>>[]

/**
 * A SELECT list that answers the key of a row of `alias` for people, one text a column: the primary key, or else the
 * rowid; bytes in hexadecimal, texts cut at 200 characters. Empty where columns hide the rowid of a table without a key.
 */
export function keyFields(table: SqliteTable, alias: SafeSql): readonly { readonly name: string; readonly sql: SafeSql }[] {
  const rowid = rowidName(table)
  const names = table.primaryKey.length > 0 ? table.primaryKey : rowid === null ? [] : [rowid]
  return names.map((name, index) => {
    const value = safeSql`${alias}.${quoteName(name)}`
    const text = safeSql`CASE typeof(${value}) WHEN 'blob' THEN '\\x' || lower(hex(substr(${value}, 1, 100))) WHEN 'null' THEN 'NULL' ELSE substr(CAST(${value} AS TEXT), 1, 200) END`
    return { name, sql: safeSql`${text} AS ${quoteName(`key ${index}`)}` }
  })
}

/** A name of the rowid that no column has taken; null where there is none, or no rowid. */
export function rowidName(table: SqliteTable): string | null {
  if (table.withoutRowid) return null
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()))
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? null
}

const textRow = z.record(z.string(), z.unknown())

/** The keys that rows selected by `keyFields` tell. */
export function readKeys(fields: ReturnType<typeof keyFields>, rows: readonly unknown[]): RowKeys {
  return rows.map((row) => {
    const values = textRow.parse(row)
    return Object.fromEntries(fields.map(({ name }, index) => [name, String(values[`key ${index}`])]))
  })
}

/** Fields as part of a SELECT list; a constant where there is none. */
export function selectList(fields: readonly { readonly sql: SafeSql }[]): SafeSql {
  return fields.length === 0 ? safeSql`1 AS one` : (fields.map(({ sql }) => sql).join(', ') as SafeSql)
}
