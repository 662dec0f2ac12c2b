import type { PostgresColumn, PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import type { InstantForm } from '@/lib/sqlite/values/stored-value'

/** A column whose values are carried from PostgreSQL to SQLite. */
export interface CarriedColumn extends ColumnMapping {
  /** How the source has kept the instants of this column so far. */
  readonly instants: InstantForm
}

/** A table whose rows are carried from PostgreSQL to SQLite. */
export interface CarriedTable {
  readonly mapping: TableMapping
  readonly source: SqliteTable
  readonly target: PostgresTable
  /** Columns by which rows are found on both sides; empty where there are none, and the table is carried as a whole. */
  readonly key: readonly string[]
  /** All but those that SQLite computes. */
  readonly columns: readonly CarriedColumn[]
  /** Columns that the file does not have; nothing is carried for them. */
  readonly extra: readonly PostgresColumn[]
  /** The list that `noteOddKeys` made of rows which their key does not find as PostgreSQL prints it; null where there are none. */
  readonly oddKeys: string | null
}
