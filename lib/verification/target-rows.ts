import { createBufferRelease } from '@/lib/core/release-buffers'
import type { CopyOut } from './copy-out'
import { type LongJsonFields, squeezeRow } from './large-target-rows'

/** Where the fields of one row of the target are; filled anew for each row. A length of -1 is NULL. */
export interface TargetRow {
  bytes: Buffer
  /** The same bytes, for numbers. */
  view: DataView
  readonly starts: Int32Array
  readonly lengths: Int32Array
}

const frameBytes = 5
const copyData = 100 /* d */
/** CopyOutResponse, NoticeResponse, NotificationResponse, ParameterStatus: what may come between the rows. */
const passedOver: readonly number[] = [72 /* H */, 78 /* N */, 65 /* A */, 83 /* S */]

const headerBytes = 19
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

/** Room for what comes of a small table; more is made when more comes at once, and for a row that needs more. */
const firstRoomBytes = 64 * 1024
const spareBytes = 256 * 1024
const largeFrameBytes = 8 * 1024 * 1024

/**
 * Reads the rows of a binary COPY (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"). Everything that
 * comes lies in one room, which is filled again and again; a row is there until the next `load`.
 *
 * `next` is synchronous, because a promise a row would cost more than the comparison: it answers `row`, `end`, or
 * `wait`, after which `load` must be awaited.
 */
export class TargetRows {
  readonly row: TargetRow
  /** Whether long JSON came that has a key twice, so that its stand-in says nothing. */
  hasDoubledKeys = false
  private bytes = Buffer.allocUnsafeSlow(firstRoomBytes)
  private view = viewOf(this.bytes)
  /** Bytes of the room that are filled. */
  private filled = 0
  private position = 0
  /** Where the frame that is not yet whole ends. */
  private frameEnd = frameBytes
  private isHeaderRead = false
  private isGivenBack = false

  /** @param longJson fields whose long JSON is replaced while it comes; default: none */
  constructor(
    private readonly copy: CopyOut,
    private readonly columns: number,
    private readonly longJson: LongJsonFields | null = null,
  ) {
    this.row = { bytes: this.bytes, view: this.view, starts: new Int32Array(columns), lengths: new Int32Array(columns) }
  }

  next(): 'row' | 'end' | 'wait' {
    if (!this.hasFrame(this.position)) return 'wait'
    const { row, view, frameEnd } = this
    let at = this.position + frameBytes
    // The header comes in one frame with the first row.
    if (!this.isHeaderRead) at = this.readHeader(at)
    if (at === frameEnd) {
      this.position = frameEnd
      return this.next()
    }
    const fields = view.getInt16(at)
    if (fields === -1) return 'end'
    if (fields !== this.columns) throw new Error(`The target sent a row of ${fields} fields instead of ${this.columns}.`)
    at += 2
    for (let column = 0; column < fields; column++) {
      const length = view.getInt32(at)
      at += 4
      row.starts[column] = at
      row.lengths[column] = length
      if (length > 0) at += length
    }
    // "Messages sent from the backend will always correspond to single data rows" (protocol-message-formats, CopyData).
    if (at !== frameEnd) throw new Error('The target sent a row that is not one message.')
    this.position = at
    return 'row'
  }

  /** Waits for more until the row that `next` could not finish may be whole. @throws pg.DatabaseError that the server sent */
  async load(): Promise<void> {
    if (this.isAtEnd()) {
      await this.giveBack()
      throw new Error('The target ended its answer in the middle of the rows.')
    }
    const rest = this.filled - this.position
    const wanted = this.frameEnd - this.position
    if (this.longJson !== null && wanted > largeFrameBytes) return this.squeeze(this.longJson)
    if (wanted > this.bytes.length) this.makeRoom(wanted)
    else if (this.position > 0) {
      this.bytes.copyWithin(0, this.position, this.filled)
      this.filled = rest
    }
    this.position = 0
    // What the socket gave for a row of 100 MB is thousands of buffers.
    const release = wanted > largeFrameBytes ? createBufferRelease() : null
    do {
      for (const chunk of await this.copy.take()) {
        if (this.filled + chunk.length > this.bytes.length) this.makeRoom(this.filled + chunk.length)
        this.filled += chunk.copy(this.bytes, this.filled)
      }
      release?.(this.filled)
    } while (this.filled < wanted)
    this.row.bytes = this.bytes
    this.row.view = this.view
  }

  /** Reads to the very end, so that the connection is free for the next statement. @throws pg.DatabaseError that the server sent */
  async drain(): Promise<void> {
    while (!this.isGivenBack) {
      while (this.hasFrame(this.position)) this.position = this.frameEnd
      if (this.isAtEnd()) await this.giveBack()
      else await this.load()
    }
  }

  /** Whether a whole frame of a row begins at `at`; steps over frames of other kinds. */
  private hasFrame(start: number): boolean {
    const { bytes, view, filled } = this
    for (let at = start; ; at = this.frameEnd) {
      this.position = at
      this.frameEnd = at + frameBytes
      if (this.frameEnd > filled) return false
      const code = bytes[at] ?? 0
      if (code !== copyData && !passedOver.includes(code)) return false
      this.frameEnd = at + 1 + view.getInt32(at + 1)
      if (this.frameEnd > filled) return false
      if (code === copyData) return true
    }
  }

  /** Whether what comes next is neither a row nor something between rows: CopyDone or an error. */
  private isAtEnd(): boolean {
    const code = this.position < this.filled ? this.bytes[this.position] : undefined
    return code !== undefined && code !== copyData && !passedOver.includes(code)
  }

  private async giveBack(): Promise<void> {
    this.isGivenBack = true
    await this.copy.giveBack(this.bytes.subarray(this.position, this.filled))
  }

  private async squeeze(longJson: LongJsonFields): Promise<void> {
    const begun = this.bytes.subarray(this.position, this.filled)
    const { message, rest, hasDoubledKeys } = await squeezeRow(begun, () => this.copy.take(), longJson, !this.isHeaderRead)
    if (hasDoubledKeys) this.hasDoubledKeys = true
    this.position = 0
    this.filled = 0
    for (const chunk of [message, ...rest]) {
      if (this.filled + chunk.length > this.bytes.length) this.makeRoom(this.filled + chunk.length)
      this.filled += chunk.copy(this.bytes, this.filled)
    }
    this.row.bytes = this.bytes
    this.row.view = this.view
  }

  /** A larger room, with what is not yet read at its beginning; a row of 100 MB comes in thousands of chunks. */
  private makeRoom(wanted: number): void {
    const larger = Buffer.allocUnsafeSlow(wanted + spareBytes)
    this.filled = this.bytes.copy(larger, 0, this.position, this.filled)
    this.frameEnd -= this.position
    this.position = 0
    this.bytes = larger
    this.view = viewOf(larger)
  }

  private readHeader(at: number): number {
    if (!this.bytes.subarray(at, at + signature.length).equals(signature)) throw new Error('The target did not answer with a binary COPY.')
    this.isHeaderRead = true
    return at + headerBytes + this.view.getInt32(at + headerBytes - 4)
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
