import { z } from 'zod'
import { qualifiedName, quoteText } from '@/lib/core/quoted-name'
import { writeBehindFence } from '@/lib/sqlite/fence'
import type { CarrySides } from './carry-round'

/**
 * Lets SQLite's AUTOINCREMENT go on where PostgreSQL's sequences stopped: the last number given out is remembered also when
 * its row is gone. A number that SQLite knows to be higher stays. Call it while PostgreSQL takes no writes.
 */
export async function carrySequences({ db, client, plan }: CarrySides): Promise<void> {
  const last = new Map<string, bigint>()
  const reads = plan.tables.flatMap(({ source, target }) => {
    const column = target.columns.find(({ name, sequence }) => sequence !== null && name === source.rowidColumn)
    if (!source.autoIncrement || !column?.sequence) return []
    const from = qualifiedName(column.sequence.schema, column.sequence.name)
    return [`SELECT ${quoteText(source.name)} AS "table", last_value::text AS last FROM ${from} WHERE is_called`]
  })
  if (reads.length === 0) return
  const { rows } = await client.query(reads.join(' UNION ALL '))
  for (const row of z.array(z.object({ table: z.string(), last: z.string() })).parse(rows)) last.set(row.table, BigInt(row.last))
  if (last.size === 0) return
  await writeBehindFence(db, async () => {
    const raise = db.prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?')
    const add = db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)')
    for (const [table, number] of last) if (raise.run(number, table).changes === 0) add.run(table, number)
  })
}
