import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { armChangeLog, armedSince } from '@/lib/sqlite/change-log'
import { changeKeyOf } from '@/lib/sqlite/change-triggers'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { findCaptureRefusals } from './capture'

/**
 * Begins to note what the app writes to the file after it has come back to it, so that only that has to be brought to
 * PostgreSQL when it goes there again. Call it behind the fence: from the first write on everything is noted.
 *
 * @returns which log it is (the time of its arming), or null where not everything could be noted, and nothing is
 */
export function armForwardLog(db: SqliteDatabase): string | null {
  const source = readSqliteCatalogue(db)
  if (findCaptureRefusals(source).length > 0) return null
  armChangeLog(
    db,
    source.tables.filter(({ name }) => name !== schemaMigrationsTable),
  )
  return armedSince(db)
}

/**
 * The same after an emergency, where the log only tells which rows were changed on both sides: tables without a key are
 * left out, and of their rows it is not known.
 */
export function armConflictLog(db: SqliteDatabase): string | null {
  const tables = readSqliteCatalogue(db).tables.filter((table) => table.name !== schemaMigrationsTable && changeKeyOf(table) !== null)
  armChangeLog(db, tables)
  return armedSince(db)
}
