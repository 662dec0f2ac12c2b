import { z } from 'zod'
import { quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { endOfSlice, type KeyValue, type RowKey, rowKeyOf } from '@/lib/sqlite/values/row-range'
import type { ChunkLimits, TableExtent } from './tasks'

/**
 * Counts a table's rows and finds the keys at which it is cut into chunks. A table that is read by rowid is cut at equal
 * distances where its rowids are dense, as they are as a rule. Others (WITHOUT ROWID, sparse rowids) are walked along
 * their keys, which costs about as much as counting them. A table that has no key to go by is one chunk.
 */
export function measureTable(db: SqliteDatabase, mapping: TableMapping, limits: ChunkLimits): TableExtent {
  const key = rowKeyOf(mapping)
  const rows = z.number().parse(
    db
      .prepare(`SELECT count(*) FROM ${quoteName(mapping.table)}`)
      .pluck()
      .get(),
  )
  const pieces = Math.min(rows, Math.max(Math.ceil(rows / limits.rows), Math.ceil(heavyBytes(db, mapping, rows) / limits.bytes)))
  if (pieces <= 1 || key.kind === 'none') return { rows, cuts: [] }
  const ends = key.kind === 'rowid' ? rowidEnds(db, mapping, key) : null
  if (ends === null || (ends.last - ends.first) / BigInt(rows) >= sparseness) return { rows, cuts: walk(db, mapping, key, rows, pieces) }
  const span = ends.last - ends.first
  return { rows, cuts: Array.from({ length: pieces - 1 }, (_, index) => [ends.first + (span * BigInt(index + 1)) / BigInt(pieces)]) }
}

/** Rowids this far apart on average may lie in heaps: then equal distances would not make equal chunks. */
const sparseness = 4n

/** Rows that have fewer bytes on average are cut by their number alone. */
const lightRowBytes = 1024

const byteCount = z.number().nullish()

/** Bytes of a table whose rows are heavy; 0 elsewhere, where finding out would cost a walk over its pages for nothing. */
function heavyBytes(db: SqliteDatabase, mapping: TableMapping, rows: number): number {
  const fileBytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  if (rows * lightRowBytes > fileBytes) return 0
  const bytes = db.prepare('SELECT pgsize FROM dbstat WHERE name = ? AND aggregate = TRUE').pluck().get(mapping.table)
  return byteCount.parse(bytes) ?? 0
}

const endsRow = z.object({ first: z.bigint(), last: z.bigint() })

function rowidEnds(db: SqliteDatabase, mapping: TableMapping, key: RowKey): { readonly first: bigint; readonly last: bigint } {
  const from = `FROM ${quoteName(mapping.table)} AS t`
  // Two subqueries: min and max alone go to the ends of the tree, together they read it whole.
  const sql = `SELECT (SELECT min(${key.expressions[0]}) ${from}) AS first, (SELECT max(${key.expressions[0]}) ${from}) AS last`
  return endsRow.parse(db.prepare(sql).safeIntegers().get())
}

function walk(db: SqliteDatabase, mapping: TableMapping, key: RowKey, rows: number, pieces: number): readonly (readonly KeyValue[])[] {
  const step = Math.ceil(rows / pieces)
  const cuts: (readonly KeyValue[])[] = []
  for (let left = rows - step; left > 0; left -= step) {
    const after = cuts.at(-1)
    const cut = endOfSlice(db, mapping, key, after === undefined ? {} : { after }, step)
    if (cut === null || cut === 'rest') break
    cuts.push(cut)
  }
  return cuts
}
