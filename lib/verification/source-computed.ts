import type { SqliteTable } from '@/lib/core/catalogue'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'

/** Whether SQLite computes the column's values itself, whatever PostgreSQL does: nobody can write one there. */
export function isSourceComputed(source: SqliteTable, name: string): boolean {
  return source.columns.some((column) => column.name === name && column.generated !== null)
}

/**
 * The mapping without the columns that SQLite computes and PostgreSQL keeps as ordinary ones. After the switch nobody computes
 * them on PostgreSQL, so in a row that the app has written there they say nothing about the row.
 */
export function withoutStale(mapping: TableMapping, source: SqliteTable): TableMapping {
  const isStale = (column: ColumnMapping) => !column.generated && isSourceComputed(source, column.name)
  return mapping.columns.some(isStale) ? { ...mapping, columns: mapping.columns.filter((column) => !isStale(column)) } : mapping
}
