import type { Report } from '@/lib/core/progress'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { CopiedChunk } from '@/lib/postgres/copy-mark'
import { createProgress, type VerificationProgress } from '@/lib/verification/progress-report'
import {
  type ChunkedTable,
  type ChunkOptions,
  chunkKey,
  cutTable,
  defaultChunkBytes,
  defaultChunkRows,
  type Evidence,
  orderChunks,
} from './chunks'
import { workInLanes } from './lanes'
import { isPassing } from './target-session'
import type { TaskPool } from './threads/task-pool'
import type { Chunk } from './threads/tasks'

/** Emptying a table so that its rows can be written frozen takes a millisecond: as long as copying a few hundred rows. */
const frozenFromRows = 10_000

export interface CopyOptions {
  /** The copy's source: a file that nobody writes. */
  readonly path: string
  readonly targetUrl: string
  readonly applicationName: string
  readonly isUtf16: boolean
  /** Connections that were made under another number are not used any more. */
  readonly epoch: number
  /** What is on the target already, as its own record says; each of them a chunk of these tables. */
  readonly copied: readonly CopiedChunk[]
  /** Begins no further chunk once it has fired. */
  readonly halt: AbortSignal
  /** Called after each chunk that was committed. */
  readonly onChunk: () => void
}

export interface CopiedTotals {
  /** On the target now, those of an earlier run included. */
  readonly rows: number
  readonly bytes: number
  /** By table. */
  readonly rowsOf: ReadonlyMap<string, number>
}

/** Counts the rows of each table and cuts it into chunks: of one file always the same ones. `evidence` is of the same rows. */
export async function planChunks(
  mappings: readonly TableMapping[],
  path: string,
  pool: TaskPool,
  options: ChunkOptions,
  evidence: Evidence = new Map(),
): Promise<readonly ChunkedTable[]> {
  const limits = { rows: options.rows ?? defaultChunkRows, bytes: options.bytes ?? defaultChunkBytes }
  return Promise.all(
    mappings.map(async (mapping) => {
      const extent = await pool.run('measure', { path, mapping, limits })
      return { table: mapping.table, rows: extent.rows, chunks: cutTable(mapping, extent, evidence.get(mapping.table)) }
    }),
  )
}

/**
 * Copies every chunk that is not on the target yet, as many at once as the pool has threads. The first failure ends it:
 * the pool is the caller's to close, which cuts the chunks that still run. Only a lost connection is waited out: then
 * all threads have come to rest, and what they have committed is to be read from the target anew.
 *
 * @throws AppError TARGET_REFUSED_ROW, TARGET_*, COPY_FAILED, CANCELLED
 */
export async function copyTables(
  tables: readonly ChunkedTable[],
  pool: TaskPool,
  options: CopyOptions,
  report: Report,
): Promise<CopiedTotals> {
  const copied = new Map(options.copied.map((chunk) => [chunkKey(chunk.table, chunk.chunk), chunk]))
  const progress = createProgress('copy', report)
  progress.plan(tables.map(({ table, rows }) => ({ table, rowsTotal: rows })))
  const states = new Map(tables.map((table) => [table.table, stateOf(table, copied, progress)]))
  let bytes = options.copied.reduce((sum, chunk) => sum + chunk.bytes, 0)

  const { path, targetUrl, applicationName, isUtf16, epoch, halt } = options
  const queue = orderChunks(tables).filter((chunk) => !copied.has(chunkKey(chunk.mapping.table, chunk.number)))
  const frozen = tablesToFreeze(tables, options.copied)
  const isFrozen = ({ number, mapping }: Chunk) => number === 0 && frozen.has(mapping.table)
  const copyOne = async (chunk: Chunk) => {
    const { table } = chunk.mapping
    const state = states.get(table)
    if (!state) return
    if (!state.isStarted) progress.start(table)
    state.isStarted = true
    let seenBytes = 0
    const seen = (rows: number, chunkBytes: number) => {
      state.running.set(chunk.number, rows)
      const running = [...state.running.values()].reduce((sum, count) => sum + count, 0)
      progress.advance(table, state.rows + running, chunkBytes - seenBytes)
      seenBytes = chunkBytes
    }
    const input = { path, targetUrl, applicationName, isUtf16, epoch, chunk, isFrozen: isFrozen(chunk) }
    const sent = await pool.run('copy', input, (value) => seen(value.rows, value.bytes))
    options.onChunk()
    seen(sent.rows, sent.bytes)
    state.running.delete(chunk.number)
    state.rows += sent.rows
    state.chunksLeft -= 1
    bytes += sent.bytes
    if (state.chunksLeft === 0) progress.finishTable(table, state.rows, 'done')
  }
  const check = () => halt.throwIfAborted()
  // A frozen chunk has its table for itself.
  const waitsFor = ({ mapping }: Chunk, running: Chunk) => isFrozen(running) && mapping.table === running.mapping.table
  const lanes = workInLanes(Array.from({ length: pool.size }), queue, (_, chunk) => copyOne(chunk), { check, waitsFor })
  try {
    await Promise.all(lanes)
  } catch (error) {
    if (isPassing(error)) await Promise.allSettled(lanes)
    throw error
  }
  progress.finish()
  const rowsOf = new Map([...states].map(([table, state]) => [table, state.rows]))
  return { rows: [...rowsOf.values()].reduce((sum, rows) => sum + rows, 0), bytes, rowsOf }
}

/**
 * Tables whose first chunk is written frozen: nothing of them is on the target, since it would be taken away, and while the first chunk has
 * the table for itself there is as much of other tables to copy.
 */
function tablesToFreeze(tables: readonly ChunkedTable[], copied: readonly CopiedChunk[]): ReadonlySet<string> {
  const begun = new Set(copied.map(({ table }) => table))
  const allRows = tables.reduce((sum, { rows }) => sum + rows, 0)
  const isWorthIt = ({ rows, chunks }: ChunkedTable) =>
    rows >= frozenFromRows && (chunks.length === 1 || allRows - rows >= rows / chunks.length)
  return new Set(tables.filter((one) => !begun.has(one.table) && isWorthIt(one)).map(({ table }) => table))
}

interface TableState {
  /** Committed. */
  rows: number
  chunksLeft: number
  isStarted: boolean
  /** Sent so far of the chunks under way. */
  readonly running: Map<number, number>
}

function stateOf(table: ChunkedTable, copied: ReadonlyMap<string, CopiedChunk>, progress: VerificationProgress): TableState {
  const done = table.chunks.flatMap((chunk) => copied.get(chunkKey(table.table, chunk.number)) ?? [])
  const rows = done.reduce((sum, chunk) => sum + chunk.rows, 0)
  const chunksLeft = table.chunks.length - done.length
  if (done.length > 0) {
    const bytes = done.reduce((sum, chunk) => sum + chunk.bytes, 0)
    progress.resume(table.table, rows, bytes)
    if (chunksLeft === 0) progress.finishTable(table.table, rows, 'done')
  }
  return { rows, chunksLeft, isStarted: false, running: new Map() }
}
