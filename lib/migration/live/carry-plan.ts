import type pg from 'pg'
import type { PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { loggedKeyOf } from '@/lib/postgres/change-log'
import type { CopyMark } from '@/lib/postgres/copy-mark'
import { mapTables, schemaMigrationsTable } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import type { InstantForm } from '@/lib/sqlite/values/stored-value'
import { isSourceComputed, withoutStale } from '@/lib/verification/source-computed'
import type { CarriedTable } from './carried-table'
import { noteOddKeys } from './carry-keys'
import { findPausedTriggers, type PausedTriggers } from './carry-triggers'
import { extraColumnsOf, requireNothingExtra } from './extra-columns'

export interface CarryPlan extends PausedTriggers {
  readonly tables: readonly CarriedTable[]
  /** Tables of the target, for its fence. */
  readonly targetTables: readonly string[]
}

/**
 * How rows go back from PostgreSQL to the SQLite file they came from.
 *
 * @throws AppError STRUCTURE_UNSUPPORTED when PostgreSQL has tables that the file does not have, or values in columns that it
 *   does not have: they would be lost
 */
export async function planCarry(
  db: SqliteDatabase,
  client: pg.Client,
  mark: Pick<CopyMark, 'targetSchema' | 'tables'>,
): Promise<CarryPlan> {
  const source = readSqliteCatalogue(db)
  const target = await readPostgresCatalogue(client, mark.targetSchema)
  const mappings = mapTables(source, target).tables
  const tables = target.tables.flatMap((table, index) => {
    const mapping = mappings.find((candidate) => candidate.table === table.name)
    const counterpart = source.tables.find((candidate) => candidate.name === table.name)
    if (!mapping || !counterpart) {
      // One that the migration itself made, and for which the file never had a counterpart, has nothing to carry.
      if (table.name !== schemaMigrationsTable && !mark.tables.includes(table.name)) throw unknownPlace(table.name, null)
      return []
    }
    requirePlaces(table, counterpart, mapping)
    const columns = mapping.columns
      .filter(({ name }) => !isSourceComputed(counterpart, name))
      .map((column) => ({ ...column, instants: instantFormOf(db, mapping.table, column) }))
    const logged = loggedKeyOf(table)
    // By what SQLite computes no row is found, since PostgreSQL may hold something else there; nor by what it does not have.
    const key = logged.every((name) => columns.some((column) => column.name === name)) ? logged : []
    const extra = extraColumnsOf(table, counterpart)
    const carried = { mapping: withoutStale(mapping, counterpart), source: counterpart, target: table, key, columns, extra }
    return { ...carried, oddKeys: noteOddKeys(db, carried, index) }
  })
  for (const { target: table, extra } of tables) await requireNothingExtra(client, table, extra, [])
  return { tables, targetTables: target.tables.map(({ name }) => name), ...findPausedTriggers(db, source) }
}

/** Columns that both sides have, and one of them in a type that nothing of the other goes into. */
function requirePlaces(table: PostgresTable, source: SqliteTable, mapping: TableMapping): void {
  const extra = extraColumnsOf(table, source)
  const isMapped = (name: string) => mapping.columns.some((column) => column.name === name)
  const missing = table.columns.find((column) => !column.generated && !isMapped(column.name) && !extra.includes(column))
  if (missing) throw unknownPlace(table.name, missing.name)
}

function unknownPlace(table: string, column: string | null): AppError {
  return new AppError({
    code: 'STRUCTURE_UNSUPPORTED',
    operation: 'carry changes back to SQLite',
    subject: column === null ? table : `${table}.${column}`,
    message:
      column === null
        ? `PostgreSQL has the table ${table}, and the SQLite file does not: its values would be lost.`
        : `The column ${table}.${column} has a type on PostgreSQL from which no value has a defined way into SQLite.`,
    hint: 'The structure was changed since the switch. Undo that change on PostgreSQL, then switch back.',
  })
}

/**
 * As a row that has a value keeps it. Without any an integer column keeps milliseconds: a STRICT table takes no text in it.
 * Kinds without instants have no use for the answer.
 */
function instantFormOf(db: SqliteDatabase, table: string, { name, value, sourceType }: ColumnMapping): InstantForm {
  if (value.kind !== 'timestamp' && value.kind !== 'date' && value.kind !== 'time') return 'text'
  const column = quoteName(name)
  const kept = db
    .prepare(`SELECT typeof(${column}) FROM ${quoteName(table)} WHERE ${column} IS NOT NULL LIMIT 1`)
    .pluck()
    .get()
  // Any type whose name has INT in it has integer affinity: https://sqlite.org/datatype3.html#determination_of_column_affinity
  if (kept === undefined) return sourceType.includes('INT') ? 'number' : 'text'
  return kept === 'integer' || kept === 'real' ? 'number' : 'text'
}
