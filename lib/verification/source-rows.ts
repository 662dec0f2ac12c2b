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
    this.bytes = Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength)
    this.position = 0
  }
}
