import { stat } from 'node:fs/promises'
import { endianness } from 'node:os'
import { readApart } from './read-apart'

/** What of a database still stands in its write-ahead log. */
export interface WalState {
  /** Length of the `-wal` file; 0 without one. */
  readonly sizeBytes: number
  /** Pages that were committed there and are not in the file itself. */
  readonly pendingFrames: number
}

const walHeaderBytes = 32
const frameHeaderBytes = 24

/**
 * Reads how much of the write-ahead log has not been carried into the file, from SQLite's own index of it (`-shm`):
 * frames written (`mxFrame`, offset 16) without frames carried over (`nBackfill`, offset 96), both in the machine's byte
 * order. https://www.sqlite.org/walformat.html#wal_index_format
 *
 * Without an index, all frames that the log has room for count: whoever opens the file next has to look at each of them.
 *
 * @throws what reading the files throws: EACCES
 */
export async function readWalState(path: string): Promise<WalState> {
  const wal = await stat(`${path}-wal`).catch(absent)
  if (!wal || wal.size <= walHeaderBytes) return { sizeBytes: wal?.size ?? 0, pendingFrames: 0 }
  const index = await readIndex(`${path}-shm`)
  if (index) return { sizeBytes: wal.size, pendingFrames: Math.max(0, index.written - index.carried) }
  return {
    sizeBytes: wal.size,
    pendingFrames: Math.floor((wal.size - walHeaderBytes) / ((await pageSizeOf(`${path}-wal`)) + frameHeaderBytes)),
  }
}

async function readIndex(path: string): Promise<{ readonly written: number; readonly carried: number } | null> {
  const bytes = await readApart(path, 0, 100)
  // Byte 12 is isInit.
  if (bytes === null || bytes.length < 100 || bytes.readUInt8(12) === 0) return null
  const read = (offset: number) => (endianness() === 'LE' ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset))
  return { written: read(16), carried: read(96) }
}

/** The page size stands in the log's own header, big-endian. */
async function pageSizeOf(walPath: string): Promise<number> {
  const bytes = await readApart(walPath, 0, 12)
  return bytes && bytes.length === 12 ? Math.max(512, bytes.readUInt32BE(8)) : 4096
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
