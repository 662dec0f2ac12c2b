import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { quoteName } from '@/lib/core/quoted-name'
import type { SqliteDatabase } from './open-database'

/** What one value may have: V8 holds no longer string, and better-sqlite3 lets SQLite read no more in one piece. */
const readableBytes = 536_870_000

const found = z.object({ bytes: z.number(), place: z.union([z.number(), z.string(), z.null()]) }).optional()

/**
 * Which value of a table is too large to be read, once SQLite has said that one is (SQLITE_TOOBIG): found by the lengths in
 * the rows' headers alone. Null when it is none of these columns' but a whole row.
 *
 * @param key a column or rowid that tells the row, unquoted; null for none
 * @param mostBytes the limit. Default: 536,870,000, what SQLite reads here in one piece
 */
export function nameOversized(
  db: SqliteDatabase,
  table: string,
  columns: readonly string[],
  key: string | null,
  mostBytes = readableBytes,
): AppError | null {
  for (const column of columns) {
    const value = quoteName(column)
    const place = key === null ? 'NULL' : quoteName(key)
    const sql = `SELECT octet_length(${value}) AS bytes, ${place} AS place FROM ${quoteName(table)} WHERE octet_length(${value}) > ${mostBytes} LIMIT 1`
    const row = found.parse(db.prepare(sql).get())
    if (!row) continue
    const named = row.place === null || key === null ? '' : `, ${key} ${String(row.place).slice(0, 100)}`
    return new AppError({
      code: 'SOURCE_UNREADABLE',
      operation: 'read the SQLite file',
      subject: `${table}.${column}`,
      message: `${table}.${column} has a value of ${row.bytes} bytes${named}: more than the 512 MiB that can be read in one piece.`,
      hint: 'Split the value, or keep it as a file, then start again.',
    })
  }
  return null
}
