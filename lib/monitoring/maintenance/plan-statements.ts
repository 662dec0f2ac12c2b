import { AppError } from '@/lib/core/errors'
import { type MaintenanceRequest, safeSettings, tableOperations } from '@/lib/core/maintenance-operations'
import { qualifiedName, quoteNames, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { concurrently, coveredBy, duplicatesOf } from '@/lib/monitoring/checks/judge-indexes'
import type { ExpectedIndex, IndexFigures, Sequence } from '@/lib/monitoring/health-report'

/** One statement of a maintenance, and what it is about. */
export interface PlannedStatement {
  readonly target: string
  readonly sql: SafeSql
}

/** What the catalogue says now: the only source of names in statements. */
export interface MaintenanceCatalogue {
  readonly schema: string
  readonly tables: readonly string[]
  readonly indexes: readonly IndexFigures[]
  readonly foreignKeys: readonly { readonly table: string; readonly constraint: string; readonly columns: readonly string[] }[]
  readonly missing: readonly ExpectedIndex[]
  readonly sequences: readonly Sequence[]
}

/**
 * The statements of a request, from a closed list; names are taken from the catalogue as it is now, and what is to be
 * dropped is looked at once more: only an invalid index, or one that another does the work of and nothing needs. Pure.
 *
 * @throws AppError NOT_FOUND for a target that is not there, STATE_CONFLICT for one that may not be dropped
 */
export function planStatements({ operation, targets }: MaintenanceRequest, catalogue: MaintenanceCatalogue): readonly PlannedStatement[] {
  const { schema } = catalogue
  if (tableOperations.has(operation)) {
    const chosen = targets ?? catalogue.tables
    const known = new Set(catalogue.tables)
    return chosen.map((table) => {
      if (!known.has(table)) throw notThere(table)
      return { target: table, sql: tableStatement(operation, qualifiedName(schema, table)) }
    })
  }
  const wanted = targets ?? []
  switch (operation) {
    case 'drop-index':
      return wanted.map((name) => {
        const index = requireDroppable(name, catalogue.indexes)
        return { target: name, sql: safeSql`DROP INDEX CONCURRENTLY ${qualifiedName(index.schema, name)}` }
      })
    case 'reindex-index':
      return wanted.map((name) => {
        if (!catalogue.indexes.some(({ index }) => index === name)) throw notThere(name)
        return { target: name, sql: safeSql`REINDEX INDEX CONCURRENTLY ${qualifiedName(schema, name)}` }
      })
    case 'index-foreign-key':
      return wanted.map((name) => {
        const key = catalogue.foreignKeys.find(({ constraint }) => constraint === name)
        if (!key) throw notThere(name)
        const columns = quoteNames(key.columns)
        const sql = safeSql`CREATE INDEX CONCURRENTLY ON ${qualifiedName(schema, key.table)} (${columns})`
        return { target: `${key.table} (${key.columns.join(', ')})`, sql }
      })
    case 'restore-index':
      return wanted.map((name) => {
        const index = catalogue.missing.find((missing) => missing.index === name && missing.kind === 'index')
        if (!index) throw notThere(name)
        return { target: name, sql: recordedIndex(index.definition) }
      })
    case 'widen-sequence':
      return wanted.map((name) => {
        if (!catalogue.sequences.some(({ sequence }) => sequence === name)) throw notThere(name)
        return { target: name, sql: safeSql`ALTER SEQUENCE ${qualifiedName(schema, name)} AS bigint MAXVALUE 9223372036854775807` }
      })
    case 'enable-statements':
      return [{ target: 'pg_stat_statements', sql: safeSql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements` }]
    case 'switch-on':
      return [
        ...wanted.map((name) => {
          const setting = safeSettings.find((known) => known === name)
          if (setting === undefined) throw notThere(name)
          return { target: setting, sql: switchOn[setting] }
        }),
        { target: 'pg_reload_conf', sql: safeSql`SELECT pg_reload_conf()` },
      ]
    default:
      throw new AppError({
        code: 'STATE_CONFLICT',
        operation: 'plan maintenance',
        subject: operation,
        message: 'This maintenance is for an SQLite file, and the app runs on PostgreSQL.',
      })
  }
}

const switchOn: Readonly<Record<(typeof safeSettings)[number], SafeSql>> = {
  autovacuum: safeSql`ALTER SYSTEM SET autovacuum = on`,
  track_counts: safeSql`ALTER SYSTEM SET track_counts = on`,
  fsync: safeSql`ALTER SYSTEM SET fsync = on`,
  full_page_writes: safeSql`ALTER SYSTEM SET full_page_writes = on`,
  synchronous_commit: safeSql`ALTER SYSTEM SET synchronous_commit = on`,
}

function tableStatement(operation: MaintenanceRequest['operation'], table: SafeSql): SafeSql {
  switch (operation) {
    case 'analyze':
      return safeSql`ANALYZE ${table}`
    case 'freeze':
      return safeSql`VACUUM (FREEZE, ANALYZE) ${table}`
    case 'reindex':
      return safeSql`REINDEX TABLE CONCURRENTLY ${table}`
    default:
      return safeSql`VACUUM (ANALYZE) ${table}`
  }
}

function requireDroppable(name: string, indexes: readonly IndexFigures[]): IndexFigures {
  const index = indexes.find((candidate) => candidate.index === name)
  if (!index) throw notThere(name)
  const isDouble = !index.inModel && [...duplicatesOf(indexes), ...coveredBy(indexes)].some((double) => double.index.index === name)
  if (index.constraint === null && !index.isNeeded && (!index.isValid || isDouble)) return index
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'drop an index',
    subject: name,
    message: 'This index is valid, and it is no double of another one.',
    hint: 'Only invalid indexes and those that another one covers are dropped from here.',
  })
}

/**
 * The statement on record. It was written by PostgreSQL (pg_get_indexdef) into our own table, which others may have changed
 * since: nothing but one CREATE INDEX gets through, and it is sent by a protocol that takes one statement only.
 */
function recordedIndex(definition: string): SafeSql {
  if (!/^CREATE (UNIQUE )?INDEX ("(?:[^"]|"")+"|\S+) ON [^;]+ USING \w+ \([^;]*$/.test(definition)) throw notThere(definition.slice(0, 100))
  return concurrently(definition) as SafeSql
}

function notThere(name: string): AppError {
  const hint = 'Look again: it may have been dropped or renamed since.'
  return new AppError({
    code: 'NOT_FOUND',
    operation: 'plan maintenance',
    subject: name,
    message: 'There is no such thing in the database now.',
    hint,
  })
}

/** Statements of an SQLite file. */
export const sqliteStatements = {
  'vacuum-file': safeSql`VACUUM`,
  /** 0x10002: all tables, also those not used in this connection. https://www.sqlite.org/pragma.html#pragma_optimize */
  optimize: safeSql`PRAGMA optimize = 0x10002`,
  checkpoint: safeSql`PRAGMA wal_checkpoint(TRUNCATE)`,
  'integrity-check': safeSql`PRAGMA quick_check(100)`,
} as const
