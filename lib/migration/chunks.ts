import type { TableMapping } from '@/lib/core/table-mapping'
import type { CopiedChunk } from '@/lib/postgres/copy-mark'
import { type CarriedEvidence, noneCarried } from '@/lib/sqlite/values/carried-evidence'
import type { KeyValue } from '@/lib/sqlite/values/row-range'
import type { Chunk, TableExtent } from './threads/tasks'

export interface ChunkOptions {
  /** Rows of a chunk, about. Default: 250,000, one to two seconds of work: what is lost when it is cut. */
  readonly rows?: number
  /** Bytes of a chunk in the file, about. Default: 256 MiB. */
  readonly bytes?: number
}

/** A table and the chunks that it is copied in. */
export interface ChunkedTable {
  readonly table: string
  readonly rows: number
  readonly chunks: readonly Chunk[]
}

export const defaultChunkRows = 250_000
/** Where rows are large it is their bytes that count: one to a few seconds of work as well. */
export const defaultChunkBytes = 256 * 1024 * 1024

/** What the checks have seen of each table, for a copy of the very same values. */
export type Evidence = ReadonlyMap<string, CarriedEvidence>

/** The chunks of a table, cut where it was measured to be. */
export function cutTable(mapping: TableMapping, { rows, cuts, mayNeedPieces }: TableExtent, evidence?: CarriedEvidence): readonly Chunk[] {
  // Other rows than were looked at: nothing is known of them.
  const carried = evidence?.rows === rows ? evidence.columns : noneCarried
  return Array.from({ length: cuts.length + 1 }, (_, number) => ({
    mapping,
    number,
    after: cuts[number - 1] ?? null,
    upTo: cuts[number] ?? null,
    mayNeedPieces,
    carried,
  }))
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
  const plain = (key: readonly KeyValue[] | null) =>
    key?.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value))
  return JSON.stringify([plain(after) ?? null, plain(upTo) ?? null], (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  )
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
