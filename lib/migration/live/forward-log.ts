import { z } from 'zod'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { armChangeLog, armedSince } from '@/lib/sqlite/change-log'
import { changeKeyOf } from '@/lib/sqlite/change-triggers'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
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

/** Entries beyond which bringing them forward takes about as long as copying everything, and the file grows for nothing. */
export const mostNoted = 5_000_000

/** Whether the log has grown beyond what it is good for. A look at two numbers. */
export function isForwardLogTooLong(sourcePath: string, most: number = mostNoted): boolean {
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    if (armedSince(db) === null) return false
    const { first, last } = z
      .object({ first: z.number().nullable(), last: z.number().nullable() })
      .parse(db.prepare('SELECT (SELECT min(seq) FROM _bascule_change) AS first, (SELECT max(seq) FROM _bascule_change) AS last').get())
    return (last ?? 0) - (first ?? 0) > most
  } finally {
    db.close()
  }
}
