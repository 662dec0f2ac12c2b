import type { PostgresCatalogue, PostgresColumn, PostgresTable, SqliteCatalogue, SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping, ValueKind } from '@/lib/core/table-mapping'
import { findConflictClauses } from './conflict-clauses'

export interface MappedTables {
  /** Tables that exist on both sides, by name. */
  readonly tables: readonly TableMapping[]
  /** What has no place on the target, or needs to be known; `blocks` where rows or values could be lost. */
  readonly leftBehind: readonly Finding[]
}

/** Prisma's own record of schema migrations: written on the target by the schema engine, never copied. */
export const schemaMigrationsTable = '_prisma_migrations'

/**
 * Matches the tables and columns of both sides by exact name. What a value becomes is decided by the target's type.
 * Pure: reads no database.
 */
export function mapTables(source: SqliteCatalogue, target: PostgresCatalogue): MappedTables {
  const leftBehind: Finding[] = []
  const tables: TableMapping[] = []
  const wanted = source.tables.filter((table) => table.name !== schemaMigrationsTable)
  for (const table of wanted) {
    const counterpart = target.tables.find((candidate) => candidate.name === table.name)
    if (!counterpart) leftBehind.push(missingTable(table))
    else tables.push(mapTable(table, counterpart, leftBehind))
  }
  for (const table of target.tables) {
    const isKnown = table.name === schemaMigrationsTable || wanted.some((candidate) => candidate.name === table.name)
    if (!isKnown) leftBehind.push(extraTable(table))
  }
  if (wanted.length < source.tables.length && !target.tables.some(({ name }) => name === schemaMigrationsTable)) {
    leftBehind.push(migrationHistoryLeftBehind())
  }
  leftBehind.push(...otherObjects(source), ...findConflictClauses(source))
  return { tables, leftBehind }
}

/** The primary key of the file, by which rows are named; none where the target lets it be NULL, and several rows may have the same one. */
function keyOf(source: SqliteTable, target: PostgresTable): readonly string[] {
  const isNullable = (name: string) => target.columns.some((column) => column.name === name && column.nullable)
  const mayBeNull = (name: string) => source.columns.some((column) => column.name === name && !column.notNull)
  const isKeyless =
    !source.withoutRowid && source.primaryKey.some((name) => name !== source.rowidColumn && isNullable(name) && mayBeNull(name))
  return isKeyless ? [] : source.primaryKey
}

/** Declared types whose fractions Prisma's adapter cuts off before the field's own type is looked at (`mapDeclType`, `mapRow`). */
const integerTypes = new Set('TINYINT SMALLINT MEDIUMINT INT INTEGER SERIAL INT2 BIGINT INT8'.split(' ').concat('UNSIGNED BIG INT'))

/** What a column of this PostgreSQL type holds, or null for a type that no value of SQLite has a defined way into. */
export function valueKindOf(column: PostgresColumn): ValueKind | null {
  if (column.enumLabels) return { kind: 'enum', typeName: column.typeName, labels: column.enumLabels }
  switch (column.typeName) {
    case 'bool':
      return { kind: 'boolean' }
    case 'int2':
      return { kind: 'integer', bits: 16 }
    case 'int4':
      return { kind: 'integer', bits: 32 }
    case 'int8':
      return { kind: 'integer', bits: 64 }
    case 'float4':
      return { kind: 'float', bits: 32 }
    case 'float8':
      return { kind: 'float', bits: 64 }
    case 'numeric':
      return { kind: 'decimal', precision: column.precision, scale: column.scale }
    case 'text':
    case 'citext':
      return { kind: 'text', maxLength: null, padded: false }
    case 'varchar':
      return { kind: 'text', maxLength: column.maxLength, padded: false }
    case 'bpchar':
      return { kind: 'text', maxLength: column.maxLength, padded: true }
    case 'bytea':
      return { kind: 'bytes' }
    case 'json':
    case 'jsonb':
      return { kind: 'json', binary: column.typeName === 'jsonb' }
    case 'timestamp':
    case 'timestamptz':
      return { kind: 'timestamp', precision: column.fractionDigits ?? 6, withTimeZone: column.typeName === 'timestamptz' }
    case 'date':
      return { kind: 'date' }
    case 'time':
      return { kind: 'time', precision: column.fractionDigits ?? 6 }
    case 'uuid':
      return { kind: 'uuid' }
    default:
      return null
  }
}

function mapTable(source: SqliteTable, target: PostgresTable, leftBehind: Finding[]): TableMapping {
  const columns: ColumnMapping[] = []
  for (const column of target.columns) {
    const counterpart = source.columns.find((candidate) => candidate.name === column.name)
    const value = valueKindOf(column)
    if (!counterpart) {
      const finding = missingColumn(source.name, column)
      if (finding) leftBehind.push(finding)
    } else if (!value) {
      leftBehind.push(unknownType(source.name, column))
    } else {
      columns.push({
        name: column.name,
        value: value.kind === 'boolean' && integerTypes.has(counterpart.declaredType) ? { ...value, cutsFractions: true } : value,
        nullable: column.nullable,
        generated: column.generated,
        sourceType: counterpart.declaredType,
      })
    }
  }
  for (const column of source.columns) {
    if (!target.columns.some((candidate) => candidate.name === column.name)) leftBehind.push(extraColumn(source, column))
  }
  return {
    table: source.name,
    targetSchema: target.schema,
    columns,
    primaryKey: keyOf(source, target),
    withoutRowid: source.withoutRowid,
    rowidColumn: source.rowidColumn,
  }
}

function missingTable(table: SqliteTable): Finding {
  return createFinding({
    code: 'TABLE_NOT_IN_MODEL',
    severity: 'blocks',
    table: table.name,
    message: 'The target has no such table: its rows would be left behind.',
    hint: 'Add the table to the Prisma schema, or drop it from the SQLite database if nobody needs it.',
  })
}

function extraTable(table: PostgresTable): Finding {
  return createFinding({
    code: 'TABLE_NOT_IN_SOURCE',
    // The verification names such a table as a difference, which nobody should learn only then.
    severity: 'note',
    table: table.name,
    message: 'The target has this table and the SQLite database does not: nothing is copied into it, and the two are not alike.',
    hint: 'Apply the missing schema migrations to the SQLite database first (prisma migrate deploy, or prisma db push).',
  })
}

/** A column that only the target has: filled by its default, or impossible to fill. */
function missingColumn(table: string, column: PostgresColumn): Finding | null {
  if (column.generated) return null
  return missingColumnOf(table, column.name, column.nullable || column.defaultSql !== null || column.identity !== null)
}

/** @param isFillable whether every row that there is can do without a value for it */
export function missingColumnOf(table: string | null, column: string, isFillable: boolean): Finding {
  return createFinding({
    code: 'COLUMN_NOT_IN_SOURCE',
    severity: isFillable ? 'note' : 'blocks',
    table,
    column,
    message: isFillable
      ? 'The model has this column and the SQLite database does not: every row gets its default.'
      : 'The model requires this column and the SQLite database does not have it.',
    hint: 'Apply the missing schema migrations to the SQLite database first (prisma migrate deploy).',
  })
}

function extraColumn(table: SqliteTable, column: SqliteColumn): Finding {
  return createFinding({
    code: 'COLUMN_NOT_IN_MODEL',
    severity: column.generated ? 'note' : 'blocks',
    table: table.name,
    column: column.name,
    message: column.generated
      ? 'The target does not have this computed column.'
      : 'The target has no such column: its values would be left behind.',
    hint: 'Add the column to the Prisma schema, or drop it from the SQLite database if nobody needs it.',
  })
}

function unknownType(table: string, column: PostgresColumn): Finding {
  return createFinding({
    code: 'TYPE_UNSUPPORTED',
    severity: 'blocks',
    table,
    column: column.name,
    shape: column.type,
    message: `The target's column has the type ${column.type}, into which no SQLite value has a defined way.`,
    hint: 'Give the column another native type in the Prisma schema.',
  })
}

const objectWords = {
  view: [
    'VIEW_LEFT_BEHIND',
    'This view is not created on PostgreSQL.',
    'Write it again in PostgreSQL’s SQL after the switch, if the app uses it.',
  ],
  trigger: [
    'TRIGGER_LEFT_BEHIND',
    'This trigger is not created on PostgreSQL.',
    'Write it again as a PostgreSQL trigger function, if the app relies on it.',
  ],
  'virtual-table': [
    'VIRTUAL_TABLE_LEFT_BEHIND',
    'This virtual table (full text search and the like) is not created on PostgreSQL.',
    'Its content comes from other tables as a rule; use a PostgreSQL text search index instead.',
  ],
  'shadow-table': null,
} as const

/** Where the target's schema is not made by schema migrations of its own, nothing says there which of them were applied. */
function migrationHistoryLeftBehind(): Finding {
  return createFinding({
    code: 'MIGRATION_HISTORY_LEFT_BEHIND',
    severity: 'note',
    table: schemaMigrationsTable,
    message: 'Prisma’s record of schema migrations is not copied: it is about migrations written for SQLite.',
    hint: 'Start a history for PostgreSQL: make its first migration with prisma migrate diff --from-empty, and mark it with prisma migrate resolve --applied.',
  })
}

function otherObjects(source: SqliteCatalogue): readonly Finding[] {
  return source.others.flatMap((object) => {
    const words = objectWords[object.kind]
    if (!words) return []
    const [code, message, hint] = words
    return createFinding({
      code,
      severity: 'note',
      table: object.table ?? object.name,
      shape: `${object.kind} ${object.name}`,
      message,
      hint,
    })
  })
}
