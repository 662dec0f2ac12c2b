import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'

/** Tables that are the bookkeeping of schema migrations, and no part of a model. */
const bookkeeping = new Set(['_prisma_migrations'])

/**
 * How a SQLite file differs from what its schema migrations make, found by making it in memory: one line each, such as
 * `table Note: not in the schema migrations` or `User.nickname: missing`. Empty when they agree.
 */
export async function findDrift(actual: SqliteCatalogue, migrationsFolder: string): Promise<readonly string[]> {
  const names = await listSchemaMigrations(migrationsFolder)
  const scripts = await Promise.all(names.map((name) => readFile(join(migrationsFolder, name, 'migration.sql'), 'utf8')))
  const made = new Database(':memory:')
  try {
    for (const script of scripts) made.exec(script)
    return compareCatalogues(readSqliteCatalogue(made), actual)
  } finally {
    made.close()
  }
}

/** The differences between a catalogue as it should be and as it is. */
export function compareCatalogues(expected: SqliteCatalogue, actual: SqliteCatalogue): readonly string[] {
  const wanted = byName(expected.tables)
  const present = byName(actual.tables)
  return [
    ...[...wanted.keys()].filter((name) => !present.has(name)).map((name) => `table ${name}: missing`),
    ...[...present.keys()].filter((name) => !wanted.has(name)).map((name) => `table ${name}: not in the schema migrations`),
    ...[...present].flatMap(([name, table]) => compareTables(wanted.get(name), table)),
  ]
}

function byName(tables: readonly SqliteTable[]): ReadonlyMap<string, SqliteTable> {
  return new Map(tables.filter(({ name }) => !bookkeeping.has(name)).map((table) => [table.name, table]))
}

function compareTables(expected: SqliteTable | undefined, actual: SqliteTable): readonly string[] {
  if (!expected) return []
  const column = ({ name, declaredType, notNull, defaultSql, collation }: SqliteTable['columns'][number]) =>
    [name, `${declaredType}${notNull ? ' NOT NULL' : ''}${defaultSql === null ? '' : ` DEFAULT ${defaultSql}`} ${collation}`] as const
  const index = ({ name, unique, parts, where }: SqliteTable['indexes'][number]) =>
    [`index ${name}`, JSON.stringify([unique, parts, where])] as const
  const reference = ({ columns, referencedTable, referencedColumns, onUpdate, onDelete }: SqliteTable['foreignKeys'][number]) =>
    [`reference (${columns.join(', ')})`, JSON.stringify([referencedTable, referencedColumns, onUpdate, onDelete])] as const
  // Names of indexes that SQLite made by itself for constraints count with their number, which depends on their order.
  const own = (table: SqliteTable) => table.indexes.filter(({ origin }) => origin === 'index')
  return [
    ...differences(expected.columns.map(column), actual.columns.map(column)),
    ...differences(own(expected).map(index), own(actual).map(index)),
    ...differences(expected.foreignKeys.map(reference), actual.foreignKeys.map(reference)),
    ...(expected.primaryKey.join('\0') === actual.primaryKey.join('\0') ? [] : ['primary key: different']),
  ].map((line) => `${actual.name}.${line}`)
}

function differences(expected: readonly (readonly [string, string])[], actual: readonly (readonly [string, string])[]): readonly string[] {
  const wanted = new Map(expected)
  const present = new Map(actual)
  return [
    ...[...wanted.keys()].filter((name) => !present.has(name)).map((name) => `${name}: missing`),
    ...[...present.keys()].filter((name) => !wanted.has(name)).map((name) => `${name}: not in the schema migrations`),
    ...[...present].filter(([name, text]) => wanted.has(name) && wanted.get(name) !== text).map(([name]) => `${name}: different`),
  ]
}
