import { z } from 'zod'
import { qualifiedName } from '@/lib/core/quoted-name'
import { writeBehindFence } from '@/lib/sqlite/fence'
import type { CarrySides } from './carry-round'

/**
 * Lets SQLite's AUTOINCREMENT go on where PostgreSQL's sequences stopped: the last number given out is remembered also when
 * its row is gone. A number that SQLite knows to be higher stays. Call it while PostgreSQL takes no writes.
 */
export async function carrySequences({ db, client, plan }: CarrySides): Promise<void> {
  const last = new Map<string, bigint>()
  for (const { source, target } of plan.tables) {
    const column = target.columns.find(({ name, sequence }) => sequence !== null && name === source.rowidColumn)
    if (!source.autoIncrement || !column?.sequence) continue
    const { rows } = await client.query(
      `SELECT last_value::text AS last, is_called AS "isCalled" FROM ${qualifiedName(column.sequence.schema, column.sequence.name)}`,
    )
    const sequence = z.tuple([z.object({ last: z.string(), isCalled: z.boolean() })]).parse(rows)[0]
    if (sequence.isCalled) last.set(source.name, BigInt(sequence.last))
  }
  if (last.size === 0) return
  await writeBehindFence(db, async () => {
    const raise = db.prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?')
    const add = db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)')
    for (const [table, number] of last) if (raise.run(number, table).changes === 0) add.run(table, number)
  })
}
