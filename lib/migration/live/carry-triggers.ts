import { z } from 'zod'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { quoteName } from '@/lib/core/quoted-name'
import { isReservedTrigger } from '@/lib/core/reserved-names'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'

/** A trigger that is taken away while rows are carried, and put back after. */
export interface PausedTrigger {
  readonly name: string
  readonly sql: string
}

export interface PausedTriggers {
  /**
   * Triggers of the app's own in the file. PostgreSQL ran without them, so that what they would do is not done again while
   * rows are carried: but for those that keep a virtual table, such as a full text index, which PostgreSQL does not have.
   */
  readonly triggers: readonly PausedTrigger[]
  /** Virtual tables that are not kept up to date: a trigger of theirs needs a function, module or tokenizer of another program. */
  readonly stale: readonly string[]
}

const triggerRows = z.array(z.object({ name: z.string(), table: z.string(), sql: z.string() }))

/** Which triggers rest while rows are carried into the file. */
export function findPausedTriggers(db: SqliteDatabase, source: SqliteCatalogue): PausedTriggers {
  const virtual = source.others.filter(({ kind }) => kind === 'virtual-table').map(({ name }) => name)
  const rows = triggerRows.parse(
    db.prepare(`SELECT name, tbl_name AS "table", sql FROM sqlite_master WHERE type = 'trigger' AND sql IS NOT NULL`).all(),
  )
  const own = rows.filter(({ name }) => !isReservedTrigger(name))
  const keptBy = (sql: string) => virtual.filter((table) => sql.includes(table))
  const keeping = own.filter(({ sql }) => keptBy(sql).length > 0)
  const unable = new Set([...new Set(keeping.map(({ table }) => table))].filter((table) => !canWrite(db, source, table)))
  const idle = keeping.filter(({ table }) => unable.has(table))
  return {
    triggers: own.filter((trigger) => !keeping.includes(trigger) || idle.includes(trigger)).map(({ name, sql }) => ({ name, sql })),
    stale: [...new Set(idle.flatMap(({ sql }) => keptBy(sql)))],
  }
}

/** Whether SQLite finds everything that the triggers of a table name: a statement that writes to it is compiled with all of them. */
function canWrite(db: SqliteDatabase, source: SqliteCatalogue, name: string): boolean {
  const columns = source.tables.find((table) => table.name === name)?.columns.filter(({ generated }) => generated === null) ?? []
  const table = quoteName(name)
  const same = columns.map((column) => `${quoteName(column.name)} = ${quoteName(column.name)}`).join(', ')
  try {
    for (const sql of [`INSERT INTO ${table} DEFAULT VALUES`, `UPDATE ${table} SET ${same}`, `DELETE FROM ${table}`]) db.prepare(sql)
    return true
  } catch {
    return false
  }
}
