import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName, quoteText, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import type { Misfit, Strangers } from '@/lib/schema/column-type'
import type { SqliteDatabase } from './open-database'
import { printableKey } from './values/classify-suspects'
import { type RawValue, shapeOf } from './values/raw-value'

const countRow = z.object({ rows: z.number() })

/** The rows of a column that are not of its declared type: how many, and the keys of the first ten. */
export function findStrangers(db: SqliteDatabase, table: SqliteTable, column: string, misfit: Misfit): Strangers {
  const value = quoteName(column)
  const name = quoteName(table.name)
  const isStrange = conditionOf(value, misfit)
  const { rows } = countRow.parse(db.prepare(safeSql`SELECT count(*) AS rows FROM ${name} WHERE ${isStrange}`).get())
  const keys = keyColumns(table)
  const selected = [value, ...keys.map((key) => key.expression)].join(', ') as SafeSql
  // raw() answers the values in the order selected.
  const first = db.prepare(safeSql`SELECT ${selected} FROM ${name} WHERE ${isStrange} LIMIT 10`).raw().safeIntegers().all() as RawValue[][]
  return {
    count: rows,
    keys: first.map(([, ...values]) => Object.fromEntries(keys.map((key, index) => [key.name, printableKey(values[index] ?? null)]))),
    shape: shapeOf(first[0]?.[0] ?? null),
  }
}

function conditionOf(value: SafeSql, misfit: Misfit): SafeSql {
  if (misfit.kind === 'longer') return safeSql`typeof(${value}) = 'text' AND length(${value}) > ${misfit.characters}`
  if (misfit.kind === 'beyond-boolean') return safeSql`typeof(${value}) IN ('integer', 'real') AND ${value} NOT IN (0, 1)`
  return safeSql`typeof(${value}) IN (${misfit.classes.map((one) => quoteText(one)).join(', ') as SafeSql})`
}

/** The primary key, or else the rowid where no column hides it. */
function keyColumns(table: SqliteTable): readonly { readonly name: string; readonly expression: SafeSql }[] {
  if (table.primaryKey.length > 0) return table.primaryKey.map((name) => ({ name, expression: quoteName(name) }))
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()))
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
  return free === undefined ? [] : [{ name: 'rowid', expression: quoteName(free) }]
}
