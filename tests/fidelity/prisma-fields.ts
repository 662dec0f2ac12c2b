import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import type { TableMapping, ValueKind } from '@/lib/core/table-mapping'
import { PrismaClient as PostgresClient } from '@/lib/database/generated/postgresql/client'
import { PrismaClient as SqliteClient } from '@/lib/database/generated/sqlite/client'
import { mappingOf, type Pair } from './round-trip'

/** A field of the app's own data model that has a given type, to read values through the generated clients. */
export interface PrismaField {
  readonly table: string
  readonly column: string
  /** The type that Prisma declares on SQLite. */
  readonly declared: string
  readonly value: ValueKind
}

export const prismaFields = {
  Int: { table: 'CreditPack', column: 'credits', declared: 'INTEGER', value: { kind: 'integer', bits: 32 } },
  BigInt: { table: 'TelemetryEvent', column: 'totalBytes', declared: 'BIGINT', value: { kind: 'integer', bits: 64 } },
  Float: { table: 'TelemetryEvent', column: 'durationMs', declared: 'REAL', value: { kind: 'float', bits: 64 } },
  Decimal: { table: 'CreditPack', column: 'price', declared: 'DECIMAL', value: { kind: 'decimal', precision: 65, scale: 30 } },
  Boolean: { table: 'CreditPack', column: 'isActive', declared: 'BOOLEAN', value: { kind: 'boolean' } },
  DateTime: {
    table: 'TelemetryEvent',
    column: 'timestamp',
    declared: 'DATETIME',
    value: { kind: 'timestamp', precision: 3, withTimeZone: false },
  },
  Json: { table: 'TelemetryEvent', column: 'properties', declared: 'JSONB', value: { kind: 'json', binary: true } },
  String: { table: 'TelemetryEvent', column: 'message', declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } },
  Bytes: { table: 'CvFile', column: 'sha256', declared: 'BLOB', value: { kind: 'bytes' } },
  enum: {
    table: 'CvFile',
    column: 'source',
    declared: 'TEXT',
    value: { kind: 'enum', typeName: 'CvSource', labels: ['WRITTEN', 'UPLOADED', 'GENERATED'] },
  },
} as const satisfies Record<string, PrismaField>

/** A table with an id and the one column; CvFile has a text id, the others a number. */
export function fieldMapping(field: PrismaField, declared: string): TableMapping {
  const hasTextId = field.table === 'CvFile'
  const id = hasTextId
    ? { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } as const, nullable: false }
    : { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } as const, nullable: false }
  const mapping = mappingOf(field.table, { id, [field.column]: { declared, value: field.value } }, ['id'])
  return { ...mapping, rowidColumn: hasTextId ? null : 'id' }
}

export type Reading = { readonly status: 'read'; readonly value: unknown } | { readonly status: 'unreadable' }

/** Reads one field of one row as the app would. A date that is not one counts as unreadable. */
export interface FieldReader {
  read(field: PrismaField, id: string | number): Promise<Reading>
  /** All rows in one query, by id; null when one of them is unreadable, which spoils the query for all. */
  readAll(field: PrismaField): Promise<Map<string, Reading> | null>
  close(): Promise<void>
}

export function sqliteReader(pair: Pair): FieldReader {
  const client = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${pair.sqlitePath}` }) })
  return readerOf(client, () => client.$disconnect())
}

export function postgresReader(pair: Pair): FieldReader {
  const client = new PostgresClient({ adapter: new PrismaPg({ connectionString: pair.postgresUrl }) })
  return readerOf(client, () => client.$disconnect())
}

interface Delegate {
  findFirst(query: unknown): Promise<Record<string, unknown> | null>
  findMany(query: unknown): Promise<Record<string, unknown>[]>
}

function readerOf(client: object, close: () => Promise<void>): FieldReader {
  const delegateOf = (field: PrismaField): Delegate => {
    const name = `${field.table.charAt(0).toLowerCase()}${field.table.slice(1)}`
    // The clients have one delegate a model; the name comes from the table above.
    const delegate = (client as Record<string, Delegate>)[name]
    if (delegate === undefined) throw new Error(`no model ${name}`)
    return delegate
  }
  return {
    close,
    read: async (field, id) => {
      let row: Record<string, unknown> | null
      try {
        row = await delegateOf(field).findFirst({ where: { id }, select: { [field.column]: true } })
      } catch {
        return { status: 'unreadable' }
      }
      if (row === null) throw new Error(`row ${id} of ${field.table} is missing`)
      return readingOf(row[field.column])
    },
    readAll: async (field) => {
      try {
        const rows = await delegateOf(field).findMany({ select: { id: true, [field.column]: true } })
        return new Map(rows.map((row) => [String(row.id), readingOf(row[field.column])]))
      } catch {
        return null
      }
    },
  }
}

function readingOf(value: unknown): Reading {
  return value instanceof Date && Number.isNaN(value.getTime()) ? { status: 'unreadable' } : { status: 'read', value }
}
