import { z } from 'zod'
import type { Queryable } from '@/lib/postgres/catalogue'
import { addRepairedCells, addRepairedRows, createRepairList } from '@/lib/postgres/repair-list'
import { openSqlite } from '@/lib/sqlite/open-database'

const bytes = z.instanceof(Buffer)
const cellRow = z.object({
  position: z.number(),
  table: z.string(),
  action: z.enum(['changed', 'deleted']),
  column: z.string().nullable(),
  key: bytes.nullable(),
  value: bytes.nullable(),
})
const wholeRow = z.object({ position: z.number(), table: z.string(), before: bytes, after: bytes.nullable() })

/** Rows sent at once: some milliseconds each. */
const pageRows = 2_000

/** Puts the record of a repaired copy into the target, whole or not at all; in the caller's transaction. Safe to repeat. */
export async function sendRepairs(client: Queryable, repairedCopyPath: string): Promise<void> {
  const db = openSqlite(repairedCopyPath, { readonly: true })
  try {
    await createRepairList(client)
    const cells = db.prepare(
      `SELECT position, table_name AS "table", action, CASE action WHEN 'changed' THEN column_name END AS "column", key_digest AS key,
         value_digest AS value FROM _bascule_repair WHERE position > ? ORDER BY position LIMIT ${pageRows}`,
    )
    for (let page = z.array(cellRow).parse(cells.all(0)); page.length > 0; ) {
      await addRepairedCells(client, page)
      page = z.array(cellRow).parse(cells.all(page.at(-1)?.position ?? 0))
    }
    const rows = db.prepare(
      `SELECT rowid AS position, table_name AS "table", old_digest AS before, new_digest AS after FROM _bascule_repaired_row
       WHERE rowid > ? ORDER BY rowid LIMIT ${pageRows}`,
    )
    for (let page = z.array(wholeRow).parse(rows.all(0)); page.length > 0; ) {
      await addRepairedRows(client, page)
      page = z.array(wholeRow).parse(rows.all(page.at(-1)?.position ?? 0))
    }
  } finally {
    db.close()
  }
}
