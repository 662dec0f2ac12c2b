/**
 * How one table of the source becomes one table of the target. Built from both catalogues (the target's
 * types decide, not the source's declared types), and all that reading, checking, copying and comparing need to know.
 */
export interface TableMapping {
  /** Name in both databases, exactly (case, spaces, any character). */
  readonly table: string
  /** Schema in PostgreSQL. */
  readonly targetSchema: string
  /** In the target's order; generated columns are included and marked. */
  readonly columns: readonly ColumnMapping[]
  /** Primary key columns in key order; empty where the table has none. */
  readonly primaryKey: readonly string[]
  /** SQLite's WITHOUT ROWID. */
  readonly withoutRowid: boolean
  /** Column that is SQLite's rowid alias (INTEGER PRIMARY KEY), if any. */
  readonly rowidColumn: string | null
}

/** What a column holds on PostgreSQL. */
export type ValueKind =
  /** `cutsFractions`: the source declares the column as an integer, whose fractions Prisma cuts off before it looks at them. Default: false. */
  | { readonly kind: 'boolean'; readonly cutsFractions?: boolean | undefined }
  | { readonly kind: 'integer'; readonly bits: 16 | 32 | 64 }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** precision and scale are null for numeric without bounds. */
  | { readonly kind: 'decimal'; readonly precision: number | null; readonly scale: number | null }
  /** maxLength in characters, null for text; padded is char(n). */
  | { readonly kind: 'text'; readonly maxLength: number | null; readonly padded: boolean }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'json'; readonly binary: boolean }
  /** precision: digits of fractional seconds, 0 to 6. */
  | { readonly kind: 'timestamp'; readonly precision: number; readonly withTimeZone: boolean }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly precision: number }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'enum'; readonly typeName: string; readonly labels: readonly string[] }

export interface ColumnMapping {
  readonly name: string
  readonly value: ValueKind
  readonly nullable: boolean
  /** Computed by the database: never copied into, compared after. */
  readonly generated: boolean
  /** The source's declared type, upper case, as `table_xinfo` gives it; '' when absent. */
  readonly sourceType: string
}
