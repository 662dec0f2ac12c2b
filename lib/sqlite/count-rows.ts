import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName } from '@/lib/core/quoted-name'
import type { SqliteDatabase } from './open-database'

/** Rows counted in one statement: a few milliseconds with the file in the cache of the operating system. */
const sliceRows = 20_000

const slice = z.object({ rows: z.number(), last: z.bigint().nullable() })

/**
 * Counts a table exactly, in slices, so that whoever drives it can let others work or stop in between:
 * better-sqlite3 is synchronous and a count of millions of rows in one statement would hold the event loop.
 * Yields the rows counted so far. A table without rowid is counted in one statement.
 */
export function* countRows(db: SqliteDatabase, table: SqliteTable): Generator<number, number> {
  const name = quoteName(table.name)
  const rowid = rowidName(table)
  if (rowid === null) return z.number().parse(db.prepare(`SELECT count(*) FROM ${name}`).pluck().get())
  const next = (condition: string) =>
    db
      .prepare(
        `SELECT CAST(count(*) AS REAL) AS rows, max(r) AS last FROM (SELECT ${rowid} AS r FROM ${name} ${condition} ORDER BY ${rowid} LIMIT ${sliceRows})`,
      )
      .safeIntegers()
  const first = next('')
  const further = next(`WHERE ${rowid} > ?`)
  let total = 0
  for (let read = slice.parse(first.get()); ; read = slice.parse(further.get(read.last))) {
    total += read.rows
    if (read.rows < sliceRows) return total
    yield total
  }
}

/** A name, quoted where needed, under which the rowid can be asked for: columns may have taken some or all of the three. */
export function rowidName(table: SqliteTable): string | null {
  if (table.withoutRowid) return null
  if (table.rowidColumn !== null) return quoteName(table.rowidColumn)
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()))
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? null
}
