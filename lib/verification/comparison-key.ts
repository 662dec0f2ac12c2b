import type { SqliteTable } from '@/lib/core/catalogue'
import type { TableMapping } from '@/lib/core/table-mapping'
import { keyParts } from './row-order'

/**
 * The mapping with the columns by which rows are found: the primary key, or in a table without one (Prisma's implicit
 * many-to-many tables) a unique index over columns that are never NULL. A difference is then named by its key instead of by
 * where the row is stored, and both sides are read once, in order.
 *
 * Only columns whose values stand for themselves: two spellings of one instant are two values to SQLite and one to PostgreSQL.
 */
export function withComparisonKey(mapping: TableMapping, source: SqliteTable): TableMapping {
  if (mapping.primaryKey.length > 0) return mapping
  const isNeverNull = (name: string | null) => source.columns.some((column) => column.name === name && column.notNull)
  for (const { unique, where, parts } of source.indexes) {
    const names = parts.flatMap(({ column, collation }) => (column !== null && collation === 'BINARY' ? [column] : []))
    if (!unique || where !== null || names.length !== parts.length || !names.every(isNeverNull)) continue
    const keyed = { ...mapping, primaryKey: names }
    const key = keyParts(keyed)
    if (key?.length === names.length && key.every(({ directClass }) => directClass !== null)) return keyed
  }
  return mapping
}
