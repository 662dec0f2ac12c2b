import type { TableMapping } from '@/lib/core/table-mapping'
import type { CopiedChunk } from '@/lib/postgres/copy-mark'
import type { KeyValue } from '@/lib/sqlite/values/row-range'
import type { Chunk, TableExtent } from './threads/tasks'

export interface ChunkOptions {
  /** Rows of a chunk, about. Default: 250,000, one to two seconds of work: what is lost when it is cut. */
  readonly rows?: number
}

/** A table and the chunks that it is copied in. */
export interface ChunkedTable {
  readonly table: string
  readonly rows: number
  readonly chunks: readonly Chunk[]
}

export const defaultChunkRows = 250_000

/**
 * Cuts a table into stretches of about the same number of rows. A table that is read by rowid is cut at equal
 * distances, since its rowids are dense as a rule; where they are not, chunks differ in size and nothing else.
 * Other tables are copied in one piece.
 */
export function cutTable(mapping: TableMapping, extent: TableExtent, options: ChunkOptions = {}): readonly Chunk[] {
  const rows = options.rows ?? defaultChunkRows
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
export function orderChunks(tables: readonly ChunkedTable[]): readonly Chunk[] {
  return [...tables].sort((a, b) => b.rows - a.rows).flatMap((table) => table.chunks)
}

/** Where a chunk begins and ends, as it is kept with its rows on the target. */
export function boundsOf({ after, upTo }: Pick<Chunk, 'after' | 'upTo'>): string {
  return JSON.stringify([after, upTo], (_, value: KeyValue | null) => (typeof value === 'bigint' ? `${value}` : value))
}

/** Names a chunk among those of all tables. */
export function chunkKey(table: string, chunk: number): string {
  return `${chunk} ${table}`
}

/**
 * Whether every copied chunk is one of these: the same snapshot cut in the same way gives the same chunks. Where one is
 * not, rows could be left out or copied twice.
 */
export function areChunksOf(copied: readonly CopiedChunk[], tables: readonly ChunkedTable[]): boolean {
  const bounds = new Map(
    tables.flatMap(({ chunks }) => chunks.map((chunk) => [chunkKey(chunk.mapping.table, chunk.number), boundsOf(chunk)])),
  )
  return copied.every((chunk) => bounds.get(chunkKey(chunk.table, chunk.chunk)) === chunk.bounds)
}
