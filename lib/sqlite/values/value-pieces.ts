/** Bytes of a piece, at least. */
const leastPieceBytes = 16 * 1024 * 1024

/**
 * A long value in pieces, so that JavaScript never holds the whole of it beside SQLite's own copy. SQLite puts the whole
 * value together for each substr() (0.1 s a 100 MB), so there are never more than four of them.
 *
 * @param read bytes `from` (0 is the first), `length` of them at most
 */
export function* readInPieces(sizeBytes: number, read: (from: number, length: number) => Buffer): Generator<Buffer> {
  const length = Math.max(leastPieceBytes, Math.ceil(sizeBytes / 4))
  for (let from = 0; from < sizeBytes; from += length) yield read(from, Math.min(length, sizeBytes - from))
}

/** The bytes `?` (1 is the first), `?` of them, of a text or BLOB in a file whose texts are UTF-8. */
export function pieceExpression(value: string): string {
  return `substr(CAST(${value} AS BLOB),?,?)`
}
