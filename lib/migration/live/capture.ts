import { existsSync } from 'node:fs'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { RepairChoice } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { armChangeLog, checkChangeLog, highestChange, readCapturedTables } from '@/lib/sqlite/change-log'
import { changeKeyOf } from '@/lib/sqlite/change-triggers'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import type { AppliedTable } from './touched-rows'

/**
 * Why the app cannot go on writing while this database is moved; none when it can. Each stops a live migration before
 * anything is touched, and its hint says what to do: the read-only migration is always possible.
 */
export function findCaptureRefusals(source: SqliteCatalogue, choices: readonly RepairChoice[] = []): readonly Finding[] {
  const refusals: Finding[] = []
  if (source.journalMode !== 'wal') {
    refusals.push(
      createFinding({
        code: 'LIVE_NOT_WAL',
        severity: 'blocks',
        shape: source.journalMode,
        message: 'The file is not in WAL mode: whoever writes would wait while it is read.',
        hint: 'Run PRAGMA journal_mode = WAL on it once (the app’s own connection does), or migrate with the app read-only.',
      }),
    )
  }
  for (const table of capturedTables(source).filter((one) => changeKeyOf(one) === null)) {
    refusals.push(
      createFinding({
        code: 'LIVE_NO_KEY',
        severity: 'blocks',
        table: table.name,
        message: 'This table has no primary key and no unique key without NULL: a row deleted from it could not be found on PostgreSQL.',
        hint: 'Give the table a primary key (@id in the data model), or migrate with the app read-only.',
      }),
    )
  }
  if (choices.length > 0) {
    refusals.push(
      createFinding({
        code: 'LIVE_REPAIRS',
        severity: 'blocks',
        message: 'Rows that are repaired on the way cannot be followed: the app may write the unrepaired value again.',
        hint: 'Correct these rows in the app, or migrate with the app read-only.',
      }),
    )
  }
  return refusals
}

/**
 * Begins to note what is written. A log that stands is begun anew.
 *
 * @throws AppError SOURCE_BUSY, SOURCE_*
 */
export function armCapture(sourcePath: string, source: SqliteCatalogue): void {
  withSource(sourcePath, false, (db) => armChangeLog(db, capturedTables(source)))
}

/** Whether a change log stands in the file; what is wrong with the file is not its business. */
export function isCaptured(sourcePath: string): boolean {
  try {
    return existsSync(sourcePath) && withSource(sourcePath, true, (db) => readCapturedTables(db) !== null)
  } catch {
    return false
  }
}

/** The highest change that a snapshot holds: where catching up with its source begins. */
export function readSnapshotNumber(snapshotPath: string): number {
  return withSource(snapshotPath, true, highestChange)
}

/** What the log's entries lead to on the target. */
export function readAppliedTables(db: SqliteDatabase, mappings: readonly TableMapping[]): readonly AppliedTable[] {
  return (readCapturedTables(db) ?? []).flatMap((captured) =>
    mappings.filter(({ table }) => table === captured.table).map((mapping) => ({ captured, mapping })),
  )
}

/**
 * @param knownVersion of an earlier answer: then this costs next to nothing
 * @returns what to pass next time
 * @throws AppError SOURCE_CHANGED when changes may be missing in the log
 */
export function requireIntactLog(db: SqliteDatabase, knownVersion?: number): number {
  const state = checkChangeLog(db, knownVersion)
  if (state.status === 'intact') return state.schemaVersion
  throw new AppError({
    code: 'SOURCE_CHANGED',
    operation: 'follow the source',
    subject: db.name,
    message:
      state.status === 'absent'
        ? 'The change log was taken out of the SQLite file: what was written since is not known.'
        : 'The tables of the SQLite database were changed while it was being moved: the copy no longer matches them.',
    hint: 'Nothing is lost: the app goes on with SQLite. Start the migration again when no schema migration runs.',
  })
}

function capturedTables(source: SqliteCatalogue): SqliteCatalogue['tables'] {
  return source.tables.filter(({ name }) => name !== schemaMigrationsTable)
}

function withSource<T>(path: string, readonly: boolean, use: (db: SqliteDatabase) => T): T {
  const db = openSqlite(path, { readonly })
  try {
    return use(db)
  } finally {
    db.close()
  }
}
