/**
 * What a database holds, as each engine's own catalogue tells it. Read by `lib/sqlite/catalogue` and
 * `lib/postgres/catalogue`; plain data, so that plans can be made from them without a connection.
 */

export type ReferentialAction = 'NO ACTION' | 'RESTRICT' | 'SET NULL' | 'SET DEFAULT' | 'CASCADE'

export interface ForeignKey {
  /** PostgreSQL's constraint name; SQLite's when its CREATE TABLE gives one. */
  readonly name: string | null
  readonly columns: readonly string[]
  readonly referencedTable: string
  /** Always filled in: an SQLite reference without columns means the primary key. */
  readonly referencedColumns: readonly string[]
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
  readonly deferred: boolean
}

/** A CHECK constraint, in the dialect of its database, without the keyword and the outer parentheses. */
export interface CheckConstraint {
  readonly name: string | null
  readonly expression: string
}

export interface SqliteColumn {
  readonly name: string
  /** As `table_xinfo` gives it, upper case, '' when absent. */
  readonly declaredType: string
  readonly notNull: boolean
  /** SQL of the default as written, null when there is none. */
  readonly defaultSql: string | null
  /** Where a generated column's value comes from; null for an ordinary column. */
  readonly generated: { readonly expression: string; readonly stored: boolean } | null
  /** BINARY unless the column says otherwise; upper case. */
  readonly collation: string
}

export interface IndexPart {
  /** Null for an expression. */
  readonly column: string | null
  /** Null for a plain column. */
  readonly expression: string | null
  readonly descending: boolean
  /** Upper case. */
  readonly collation: string
}

export interface SqliteIndex {
  readonly name: string
  readonly unique: boolean
  /** index: CREATE INDEX; unique: a UNIQUE constraint of the table; the primary key's own index is left out. */
  readonly origin: 'index' | 'unique'
  readonly parts: readonly IndexPart[]
  /** The condition of a partial index, null for a whole one. */
  readonly where: string | null
}

export interface SqliteTable {
  readonly name: string
  /** CREATE TABLE as the file holds it. */
  readonly sql: string
  readonly columns: readonly SqliteColumn[]
  /** In key order; empty where the table has none. */
  readonly primaryKey: readonly string[]
  readonly rowidColumn: string | null
  readonly withoutRowid: boolean
  readonly strict: boolean
  readonly autoIncrement: boolean
  readonly indexes: readonly SqliteIndex[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly checks: readonly CheckConstraint[]
  /** From `sqlite_sequence`; null when the table has no row there. */
  readonly sequence: bigint | null
}

/** Something beside tables: listed, never copied blindly. */
export interface SqliteObject {
  readonly kind: 'view' | 'trigger' | 'virtual-table' | 'shadow-table'
  readonly name: string
  /** Table of a trigger, virtual table of a shadow table; null otherwise. */
  readonly table: string | null
}

export interface SqliteCatalogue {
  /** Ordinary tables, by name; without `sqlite_*`, tables of ours, virtual and shadow tables, with `_prisma_migrations`. */
  readonly tables: readonly SqliteTable[]
  readonly others: readonly SqliteObject[]
  /** Changes with every CREATE, ALTER and DROP. */
  readonly schemaVersion: number
  /** UTF-8, UTF-16le or UTF-16be. */
  readonly encoding: string
  readonly pageSize: number
  readonly pageCount: number
  readonly journalMode: string
  readonly version: string
}

export interface PostgresColumn {
  readonly name: string
  /** As `format_type` gives it: `timestamp(3) without time zone`. */
  readonly type: string
  /** Name in `pg_type`: int4, timestamptz, an enum's or domain's base type's name. */
  readonly typeName: string
  readonly typeSchema: string
  /** Labels in order for an enum, null for any other type. */
  readonly enumLabels: readonly string[] | null
  /** Characters of varchar(n) and char(n); null without a limit. */
  readonly maxLength: number | null
  /** Of numeric(p, s); null without bounds. */
  readonly precision: number | null
  readonly scale: number | null
  /** Digits of fractional seconds for date and time types; 6 when none is given. */
  readonly fractionDigits: number | null
  readonly nullable: boolean
  readonly defaultSql: string | null
  readonly generated: boolean
  readonly identity: 'always' | 'by default' | null
  /** The sequence that the column owns (serial and identity), null otherwise. */
  readonly sequence: { readonly schema: string; readonly name: string } | null
}

export interface PostgresConstraint {
  readonly name: string
  readonly kind: 'primary' | 'unique' | 'foreign' | 'check' | 'exclusion'
  /** As `pg_get_constraintdef` gives it. */
  readonly definition: string
  readonly columns: readonly string[]
  /** Of a foreign key. */
  readonly referencedTable: string | null
}

export interface PostgresIndex {
  readonly name: string
  /** As `pg_get_indexdef` gives it. */
  readonly definition: string
  readonly unique: boolean
  /** In index order; null for an expression. */
  readonly columns: readonly (string | null)[]
  readonly partial: boolean
  /** The constraint that owns it; null for a plain index. */
  readonly constraint: string | null
}

export interface PostgresTable {
  readonly name: string
  readonly schema: string
  /** In the table's order. */
  readonly columns: readonly PostgresColumn[]
  readonly primaryKey: readonly string[]
  readonly constraints: readonly PostgresConstraint[]
  readonly indexes: readonly PostgresIndex[]
}

export interface PostgresCatalogue {
  readonly schema: string
  /** Ordinary and partitioned tables, by name. */
  readonly tables: readonly PostgresTable[]
  readonly enums: readonly { readonly name: string; readonly labels: readonly string[] }[]
}
