import { createBufferRelease } from '@/lib/core/release-buffers'
import type { SourceChunk } from './source-protocol'
import { createSourceRow, type SourceRow, scanSourceRow } from './source-row'

/**
 * The rows of the source's chunks, one after the other. `next` is synchronous, as in `TargetRows`: it answers
 * `row`, `end`, or `wait`, after which `load` must be awaited.
 */
export class SourceRows {
  readonly row: SourceRow
  private bytes: Buffer = Buffer.alloc(0)
  private position = 0
  private hasEnded = false
  /** Kept for the next large row. */
  private large: Buffer = Buffer.alloc(0)

  constructor(
    private readonly chunks: AsyncGenerator<SourceChunk, void>,
    fields: number,
  ) {
    this.row = createSourceRow(fields)
  }

  next(): 'row' | 'end' | 'wait' {
    if (this.position >= this.bytes.length) return this.hasEnded ? 'end' : 'wait'
    this.position = scanSourceRow(this.bytes, this.position, this.row)
    return 'row'
  }

  /** Bytes of the chunk at hand; for measuring. */
  get loadedBytes(): number {
    return this.bytes.length
  }

  async load(): Promise<void> {
    const { value, done } = await this.chunks.next()
    if (done || !value) {
      this.hasEnded = true
      return
    }
    this.bytes = value.rowBytes === undefined ? asBuffer(value.bytes) : await this.gather(value.bytes, value.rowBytes)
    this.position = 0
  }

  /** Puts the pieces of a large row together; the row before it is not needed any more. */
  private async gather(first: Uint8Array, rowBytes: number): Promise<Buffer> {
    this.bytes = Buffer.alloc(0)
    if (this.large.length < rowBytes) this.large = Buffer.allocUnsafeSlow(rowBytes)
    let size = asBuffer(first).copy(this.large)
    const release = createBufferRelease()
    while (size < rowBytes) {
      const { value, done } = await this.chunks.next()
      if (done || !value) throw new Error('The source ended its answer in the middle of a row.')
      size += asBuffer(value.bytes).copy(this.large, size)
      release(size)
    }
    return this.large.subarray(0, rowBytes)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
