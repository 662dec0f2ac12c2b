/** Where the fields of one row of the target are; filled anew for each row. A length of -1 is NULL. */
export interface TargetRow {
  bytes: Buffer
  readonly starts: Int32Array
  readonly lengths: Int32Array
}

const headerBytes = 19
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

/** Rows from this size on are gathered in one buffer, which is kept for the next such row. */
const largeRowBytes = 4 * 1024 * 1024
/** Room for what comes in one chunk with the end of a row. */
const spareBytes = 1024 * 1024

/**
 * Reads the rows of a binary COPY (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format") from its
 * chunks. Keeps the current chunk and the beginning of an unfinished row, nothing else.
 *
 * `next` is synchronous, because a promise a row would cost more than the comparison: it answers `row`, `end`, or
 * `wait`, after which `load` must be awaited.
 */
export class TargetRows {
  readonly row: TargetRow
  private bytes: Buffer = Buffer.alloc(0)
  private position = 0
  private neededBytes = headerBytes
  private isHeaderRead = false
  private large: Buffer = Buffer.alloc(0)
  private readonly chunks: AsyncIterator<Buffer>

  constructor(
    chunks: AsyncIterable<Buffer>,
    private readonly columns: number,
  ) {
    this.chunks = chunks[Symbol.asyncIterator]()
    this.row = { bytes: this.bytes, starts: new Int32Array(columns), lengths: new Int32Array(columns) }
  }

  next(): 'row' | 'end' | 'wait' {
    if (!this.isHeaderRead && !this.readHeader()) return 'wait'
    const { bytes, row } = this
    let at = this.position
    if (!this.has(at + 2)) return 'wait'
    const fields = bytes.readInt16BE(at)
    if (fields === -1) return 'end'
    if (fields !== this.columns) throw new Error(`The target sent a row of ${fields} fields instead of ${this.columns}.`)
    at += 2
    for (let column = 0; column < fields; column++) {
      if (!this.has(at + 4)) return 'wait'
      const length = bytes.readInt32BE(at)
      at += 4
      row.starts[column] = at
      row.lengths[column] = length
      if (length > 0) at += length
    }
    if (!this.has(at)) return 'wait'
    row.bytes = bytes
    this.position = at
    return 'row'
  }

  /** Waits for the next chunks until the row that `next` could not finish may be whole. */
  async load(): Promise<void> {
    const rest = this.bytes.subarray(this.position)
    const wanted = Math.max(this.neededBytes - this.position, rest.length + 1)
    this.bytes = wanted < largeRowBytes ? await this.join(rest, wanted) : await this.gather(rest, wanted)
    this.position = 0
    this.neededBytes = 0
  }

  /** Chunks are joined once, not one after the other. */
  private async join(rest: Buffer, wanted: number): Promise<Buffer> {
    const parts = [rest]
    let size = rest.length
    while (size < wanted) {
      const chunk = await this.nextChunk()
      parts.push(chunk)
      size += chunk.length
    }
    return parts.length === 2 && rest.length === 0 && parts[1] ? parts[1] : Buffer.concat(parts)
  }

  /** A row of 100 MB comes in thousands of chunks: each goes to its place at once, so that the row is there but once. */
  private async gather(rest: Buffer, wanted: number): Promise<Buffer> {
    if (this.large.length < wanted + spareBytes) this.large = Buffer.allocUnsafeSlow(wanted + spareBytes)
    let size = rest.copy(this.large)
    while (size < wanted) {
      const chunk = await this.nextChunk()
      if (size + chunk.length > this.large.length) return this.join(Buffer.concat([this.large.subarray(0, size), chunk]), wanted)
      size += chunk.copy(this.large, size)
    }
    return this.large.subarray(0, size)
  }

  private async nextChunk(): Promise<Buffer> {
    const { value, done } = await this.chunks.next()
    if (done) throw new Error('The target ended its answer in the middle of a row.')
    return value
  }

  /** Reads to the very end, so that the connection is free for the next statement. */
  async drain(): Promise<void> {
    for (;;) if ((await this.chunks.next()).done) return
  }

  private has(end: number): boolean {
    if (end <= this.bytes.length) return true
    this.neededBytes = end
    return false
  }

  private readHeader(): boolean {
    if (!this.has(headerBytes)) return false
    if (!this.bytes.subarray(0, signature.length).equals(signature)) throw new Error('The target did not answer with a binary COPY.')
    const extension = this.bytes.readInt32BE(headerBytes - 4)
    if (!this.has(headerBytes + extension)) return false
    this.position = headerBytes + extension
    this.isHeaderRead = true
    return true
  }
}
