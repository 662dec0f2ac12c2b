import { open, stat } from 'node:fs/promises'
import { endianness } from 'node:os'

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
  const bytes = await readStart(path, 100)
  // Byte 12 is isInit.
  if (bytes === null || bytes.length < 100 || bytes.readUInt8(12) === 0) return null
  const read = (offset: number) => (endianness() === 'LE' ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset))
  return { written: read(16), carried: read(96) }
}

/** The page size stands in the log's own header, big-endian. */
async function pageSizeOf(walPath: string): Promise<number> {
  const bytes = await readStart(walPath, 12)
  return bytes && bytes.length === 12 ? Math.max(512, bytes.readUInt32BE(8)) : 4096
}

async function readStart(path: string, length: number): Promise<Buffer | null> {
  const file = await open(path, 'r').catch(absent)
  if (!file) return null
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
