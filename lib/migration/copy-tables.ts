import type { Report } from '@/lib/core/progress'
import type { TableMapping } from '@/lib/core/table-mapping'
import { createProgress } from '@/lib/verification/progress-report'
import { type ChunkOptions, cutTable, orderChunks } from './chunks'
import type { TaskPool } from './threads/task-pool'
import type { Chunk } from './threads/tasks'

export interface CopyOptions extends ChunkOptions {
  /** The snapshot: a file that nobody writes. */
  readonly path: string
  readonly targetUrl: string
  readonly applicationName: string
  readonly isUtf16: boolean
}

export interface CopiedTotals {
  readonly rows: number
  readonly bytes: number
  /** By table. */
  readonly rowsOf: ReadonlyMap<string, number>
}

/**
 * Copies all tables, as many chunks at once as the pool has threads. The first failure ends it: the pool is the
 * caller's to close, which cuts the chunks that still run.
 *
 * @throws AppError TARGET_REFUSED_ROW, TARGET_*, COPY_FAILED, CANCELLED
 */
export async function copyTables(
  mappings: readonly TableMapping[],
  pool: TaskPool,
  options: CopyOptions,
  report: Report,
): Promise<CopiedTotals> {
  const extents = await pool.run('measure', { path: options.path, mappings })
  const tables = mappings.flatMap((mapping, index) => {
    const extent = extents[index]
    return extent ? [{ table: mapping.table, rows: extent.rows, chunks: cutTable(mapping, extent, options) }] : []
  })
  const progress = createProgress('copy', report)
  progress.plan(tables.map(({ table, rows }) => ({ table, rowsTotal: rows })))
  const states = new Map(
    tables.map(({ table, chunks }) => [table, { rows: 0, running: new Map<number, number>(), chunksLeft: chunks.length }]),
  )
  let bytes = 0

  const queue = [...orderChunks(tables)]
  const copyOne = async (chunk: Chunk) => {
    const { table } = chunk.mapping
    const state = states.get(table)
    if (!state) return
    if (state.running.size === 0 && state.rows === 0) progress.start(table)
    let seenBytes = 0
    const seen = (rows: number, chunkBytes: number) => {
      state.running.set(chunk.number, rows)
      const running = [...state.running.values()].reduce((sum, count) => sum + count, 0)
      progress.advance(table, state.rows + running, chunkBytes - seenBytes)
      seenBytes = chunkBytes
    }
    const copied = await pool.run('copy', { ...options, chunk }, (value) => seen(value.rows, value.bytes))
    seen(copied.rows, copied.bytes)
    state.running.delete(chunk.number)
    state.rows += copied.rows
    state.chunksLeft -= 1
    bytes += copied.bytes
    if (state.chunksLeft === 0) progress.finishTable(table, state.rows, 'done')
  }
  const runLane = async () => {
    for (let chunk = queue.shift(); chunk; chunk = queue.shift()) await copyOne(chunk)
  }
  try {
    await Promise.all(Array.from({ length: pool.size }, runLane))
  } catch (error) {
    queue.length = 0
    throw error
  }
  progress.finish()
  const rowsOf = new Map([...states].map(([table, state]) => [table, state.rows]))
  return { rows: [...rowsOf.values()].reduce((sum, rows) => sum + rows, 0), bytes, rowsOf }
}
