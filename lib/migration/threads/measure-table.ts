import { z } from 'zod'
import { quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { needsPieces } from '@/lib/sqlite/values/copy-pages'
import { endOfSlice, type KeyValue, type RowKey, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { evenCuts, rowidEnds } from '@/lib/sqlite/values/rowid-cuts'
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
  const { bytes, largestRow } = sizesOf(db, mapping)
  const mayNeedPieces = needsPieces(largestRow)
  // Where rows are light it is their number that counts.
  const heavyBytes = bytes > rows * lightRowBytes ? bytes : 0
  const pieces = Math.min(rows, Math.max(Math.ceil(rows / limits.rows), Math.ceil(heavyBytes / limits.bytes)))
  if (pieces <= 1 || key.kind === 'none') return { rows, mayNeedPieces, cuts: [] }
  const ends = rowidEnds(db, mapping, key)
  if (ends === null || (ends.last - ends.first) / BigInt(rows) >= sparseness) {
    return { rows, mayNeedPieces, cuts: walk(db, mapping, key, rows, pieces) }
  }
  return { rows, mayNeedPieces, cuts: evenCuts(ends, pieces).map((cut) => [cut]) }
}

/** Rowids this far apart on average may lie in heaps: then equal distances would not make equal chunks. */
const sparseness = 4n

/** Rows that have fewer bytes on average are cut by their number alone. */
const lightRowBytes = 1024

const sizesRow = z.object({ bytes: z.number(), largestRow: z.number() }).optional()

/** Bytes of a table's pages, and bytes that no row of it exceeds; by one walk over its pages, for all who copy it. */
function sizesOf(db: SqliteDatabase, mapping: TableMapping): { readonly bytes: number; readonly largestRow: number } {
  const sql = 'SELECT pgsize AS bytes, mx_payload AS largestRow FROM dbstat WHERE name = ? AND aggregate = TRUE'
  return sizesRow.parse(db.prepare(sql).get(mapping.table)) ?? { bytes: 0, largestRow: Number.POSITIVE_INFINITY }
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
