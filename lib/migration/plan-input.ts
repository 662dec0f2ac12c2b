import type pg from 'pg'
import type { SqliteTable } from '@/lib/core/catalogue'
import type { Finding } from '@/lib/core/finding'
import type { ColumnProfile } from '@/lib/schema/column-type'
import type { SchemaFile } from '@/lib/schema/schema-engine'
import type { AskSource } from './probe-limits'

/** Where the target's schema comes from. */
export type SchemaModel =
  /** A folder of schema migrations for PostgreSQL, as `prisma migrate` keeps them. */
  | { readonly kind: 'history'; readonly folder: string }
  /** A Prisma schema for SQLite, one file or several; `folder` where other .prisma files lie beside the one that was given. */
  | { readonly kind: 'schema'; readonly files: readonly SchemaFile[]; readonly folder?: string }
  /** Nothing but the SQLite file itself. */
  | { readonly kind: 'introspect' }

export interface PlanDependencies {
  readonly client: pg.Client
  /** Reads what the values of a table without a model are; slow, so asked for only when needed. */
  readonly profile: (table: SqliteTable) => Promise<ReadonlyMap<string, ColumnProfile>>
  /** Whether a row of a table meets a condition in SQLite's SQL; asked for computed columns only. */
  readonly meets: (table: SqliteTable, condition: string) => Promise<boolean>
  /** Runs a statement on the source; asked where its values may be too long for the target. */
  readonly ask: AskSource
}

/** A type that a value check asked for instead of the one chosen first, and what it found. */
export interface TypeOverride {
  readonly type: string
  readonly because: Finding
}

/** By table and column. */
export type TypeOverrides = ReadonlyMap<string, ReadonlyMap<string, TypeOverride>>
