import type { Database } from 'better-sqlite3'
import { releaseBuffers } from '@/lib/core/release-buffers'
import { createUtf16Decoder } from './utf16'

/** Bytes of a piece, at least. */
const leastPieceBytes = 4 * 1024 * 1024

/** Pieces of a value, at most. */
const mostPieces = 24

/**
 * A long value in pieces, so that JavaScript never holds the whole of it beside SQLite's own copy. SQLite puts the whole
 * value together for each substr() (0.05 s a 100 MB), so there are never more than two dozen of them. V8 would keep the pieces
 * that were read before, of which it sees only the small objects that point to them: 100 MiB at the peak for a value of 100 MB.
 *
 * @param read bytes `from` (0 is the first), `length` of them at most
 */
export function* readInPieces(sizeBytes: number, read: (from: number, length: number) => Buffer): Generator<Buffer> {
  const length = Math.max(leastPieceBytes, Math.ceil(sizeBytes / mostPieces))
  for (let from = 0; from < sizeBytes; from += length) {
    yield read(from, Math.min(length, sizeBytes - from))
    releaseBuffers()
  }
}

/** The UTF-8 of a text of UTF-16 that comes in pieces. */
export function* inUtf8(stored: Iterable<Buffer>, db: Database): Generator<Buffer> {
  const decoder = createUtf16Decoder(db.pragma('encoding', { simple: true }) === 'UTF-16be')
  for (const piece of stored)
    for (let from = 0; from < piece.length; from += decodedBytes) yield decoder.take(piece.subarray(from, from + decodedBytes))
  yield decoder.end()
}

/** Bytes that are decoded at once: as a text each takes twice its room. */
const decodedBytes = 512 * 1024

/** The bytes `?` (1 is the first), `?` of them, of a text or BLOB as the file stores it. */
export function pieceExpression(value: string): string {
  return `substr(CAST(${value} AS BLOB),?,?)`
}
