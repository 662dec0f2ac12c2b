import { setTimeout } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { readApart } from './read-apart'

/**
 * How many transactions have written to the file, as a number that rises by one with each; null where it cannot be told.
 * In WAL mode it is iChange of the wal-index header (https://www.sqlite.org/walformat.html#the_wal_index_header), which
 * begins anew when the last connection closes; otherwise the file change counter of the database header.
 */
export async function readWriteCount(path: string): Promise<number | null> {
  const wal = await readBytes(`${path}-shm`, 0)
  // Native byte order in the wal-index: this machine made it. Version 3007000 says that it is one.
  if (wal && readNative(wal, 0) === 3_007_000) return readNative(wal, 8)
  const header = await readBytes(path, 24)
  return header ? header.readUInt32BE(0) : null
}

const looks = 4
const betweenLooksMs = 150

/** Share of a few looks that found a writer at work: what another writer would have had to wait for. Null when it cannot be tried. */
export async function isSomebodyWriting(path: string): Promise<number | null> {
  let busy = 0
  try {
    const db = new Database(path, { fileMustExist: true, timeout: 0 })
    try {
      for (let look = 0; look < looks; look += 1) {
        if (look > 0) await setTimeout(betweenLooksMs)
        busy += triesToWrite(db) ? 0 : 1
      }
    } finally {
      db.close()
    }
    return busy / looks
  } catch {
    return null
  }
}

/** Takes the write lock and gives it back at once; nothing is written. */
function triesToWrite(db: Database.Database): boolean {
  try {
    db.exec('BEGIN IMMEDIATE')
    db.exec('ROLLBACK')
    return true
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return false
    throw error
  }
}

async function readBytes(path: string, offset: number): Promise<Buffer | null> {
  const bytes = await readApart(path, offset, 16).catch(() => null)
  return bytes?.length === 16 ? bytes : null
}

function readNative(bytes: Buffer, offset: number): number {
  const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  return words[offset / 4] ?? 0
}
