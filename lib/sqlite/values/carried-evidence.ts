import type { ColumnMapping } from '@/lib/core/table-mapping'
import { specText } from './copy-functions'
import { plainField } from './plain-field'
import { escaped } from './special-characters'
import { columnReference } from './sql-text'

/** A column of which the check has seen that every value can be joined as it is, but for these characters. */
export interface CarriedColumn {
  readonly name: string
  /** What the column was taken for; another type asks for other evidence. */
  readonly spec: string
  /** Those of COPY's special characters that may be in its texts. */
  readonly specials: string
}

/**
 * What checkSlices has seen of a whole table, for a copy of the very same values (lib/sqlite/source-watch.ts says whether they
 * are): it needs no evidence of its own for these columns.
 */
export interface CarriedEvidence {
  /** Rows that were looked at; a table that has another number of them is not the one that was checked. */
  readonly rows: number
  readonly columns: readonly CarriedColumn[]
}

export const noneCarried: readonly CarriedColumn[] = []

export function carriedColumn(column: ColumnMapping, specials: string): CarriedColumn {
  return { name: column.name, spec: specText(column), specials }
}

/** The field of a COPY line for a column that the check has vouched for; null where it has not. */
export function carriedExpression(column: ColumnMapping, isRowid: boolean, carried: readonly CarriedColumn[]): string | null {
  const known = carried.find(({ name, spec }) => name === column.name && spec === specText(column))
  const field = known === undefined ? null : plainField(column, isRowid, false)
  if (known === undefined || field === null) return null
  if (known.specials === '') return field.expression
  const value = columnReference(column.name)
  // NULL first: replace() of NULL costs as much as of a short text.
  return `CASE WHEN ${value} IS NULL THEN '\\N' ELSE ${escaped(value, known.specials)} END`
}
