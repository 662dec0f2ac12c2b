import type { PostgresCatalogue, PostgresTable, SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { isReservedTable } from '@/lib/core/reserved-names'

/** A name that stands on at least one side. */
export interface TablePair {
  readonly table: string
  /** Null where the source has no table of this name. */
  readonly source: SqliteTable | null
  /** Null where the target has no table of this name. */
  readonly target: PostgresTable | null
}

/**
 * Every table of both sides, by name, so that one that only one side has is a difference and is never skipped.
 * Left out: Prisma's own history, which has a row a schema migration of its side, and tables of ours.
 */
export function pairTables(source: SqliteCatalogue, target: PostgresCatalogue): readonly TablePair[] {
  const sources = new Map(source.tables.filter((table) => isData(table.name)).map((table) => [table.name, table]))
  const targets = new Map(target.tables.filter((table) => isData(table.name)).map((table) => [table.name, table]))
  return [...new Set([...sources.keys(), ...targets.keys()])]
    .sort()
    .map((table) => ({ table, source: sources.get(table) ?? null, target: targets.get(table) ?? null }))
}

function isData(name: string): boolean {
  return name !== '_prisma_migrations' && !isReservedTable(name)
}
