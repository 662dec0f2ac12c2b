import { makePlan } from '@/lib/preflight/plan'
import type { PreflightPlan } from '@/lib/preflight/preflight-result'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite } from '@/lib/sqlite/open-database'

/**
 * What a migration of the file would copy, in which order and in about which time, for a dry run that rehearses repairs:
 * rows that a repair leaves out are still counted.
 *
 * @throws AppError SOURCE_*, CANCELLED
 */
export async function planOfFile(sourcePath: string, signal: AbortSignal): Promise<PreflightPlan> {
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    const catalogue = readSqliteCatalogue(db)
    const tables = catalogue.tables.map(({ name }) => name).filter((name) => name !== schemaMigrationsTable)
    return await makePlan({ sourcePath, catalogue, tables, measured: null }, signal)
  } finally {
    db.close()
  }
}
