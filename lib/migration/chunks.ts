import type { TableMapping } from '@/lib/core/table-mapping'
import type { Chunk, TableExtent } from './threads/tasks'

export interface ChunkOptions {
  /** Rows of a chunk, about. Default: 250,000, one to two seconds of work: what is lost when it is cut. */
  readonly rows?: number
}

/**
 * Cuts a table into stretches of about the same number of rows. A table that is read by rowid is cut at equal
 * distances, since its rowids are dense as a rule; where they are not, chunks differ in size and nothing else.
 * Other tables are copied in one piece.
 */
export function cutTable(mapping: TableMapping, extent: TableExtent, options: ChunkOptions = {}): readonly Chunk[] {
  const rows = options.rows ?? 250_000
  const { firstRowid, lastRowid } = extent
  const pieces = Math.max(1, Math.ceil(extent.rows / rows))
  if (pieces === 1 || firstRowid === null || lastRowid === null) return [{ mapping, number: 0, after: null, upTo: null }]
  const span = lastRowid - firstRowid
  const bounds = Array.from({ length: pieces - 1 }, (_, index) => firstRowid + (span * BigInt(index + 1)) / BigInt(pieces))
  return Array.from({ length: pieces }, (_, number) => {
    const after = bounds[number - 1]
    const upTo = bounds[number]
    return { mapping, number, after: after === undefined ? null : [after], upTo: upTo === undefined ? null : [upTo] }
  })
}

/**
 * The order in which chunks are copied: large tables first, so that no thread is left alone with one at the end; and the
 * chunks of one table one after the other.
 */
export function orderChunks(tables: readonly { readonly chunks: readonly Chunk[]; readonly rows: number }[]): readonly Chunk[] {
  return [...tables].sort((a, b) => b.rows - a.rows).flatMap((table) => table.chunks)
}
