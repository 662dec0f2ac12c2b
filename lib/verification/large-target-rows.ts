import { createBufferRelease } from '@/lib/core/release-buffers'
import { createJsonDigest } from './json-digest'
import { longValueBytes, standInOf } from './long-values'

/** Where long JSON is replaced while it comes. */
export interface LongJsonFields {
  readonly mark: string
  /** Of each field of a row; null for one that is no JSON. */
  readonly fields: readonly ('json' | 'jsonb' | null)[]
}

export interface SqueezedRow {
  /** The row's message (a frame of the protocol) with stand-ins for its long JSON. */
  readonly message: Buffer
  /** What came behind it. */
  readonly rest: readonly Buffer[]
  /** Whether a value had an object with a key twice: then its stand-in says nothing. */
  readonly hasDoubledKeys: boolean
}

const frameBytes = 5
const fileHeaderBytes = 19

/**
 * Reads a row's message that is not all there yet, holding no more of its long JSON than a piece. 100 MB of it need 3 s of processor
 * time so, and their memory is the server's.
 *
 * @param first how the message begins
 * @param take waits for what comes next
 * @param hasFileHeader whether the header of the whole COPY comes before the row
 */
export async function squeezeRow(
  first: Buffer,
  take: () => Promise<readonly Buffer[]>,
  { mark, fields }: LongJsonFields,
  hasFileHeader: boolean,
): Promise<SqueezedRow> {
  const pieces = new Pieces(first, take)
  const kept: Buffer[] = [await pieces.exactly(frameBytes)]
  let hasDoubledKeys = false
  const keep = async (size: number) => {
    const bytes = await pieces.exactly(size)
    kept.push(bytes)
    return bytes
  }
  if (hasFileHeader) await keep((await keep(fileHeaderBytes)).readInt32BE(fileHeaderBytes - 4))
  const count = (await keep(2)).readInt16BE(0)
  for (let field = 0; field < count; field++) {
    const length = await pieces.exactly(4)
    const size = length.readInt32BE(0)
    const kind = fields[field] ?? null
    if (kind === null || size <= longValueBytes) {
      kept.push(length)
      if (size > 0) await keep(size)
      continue
    }
    const version = await pieces.exactly(kind === 'jsonb' ? 1 : 0)
    const json = createJsonDigest(kind === 'jsonb')
    for await (const piece of pieces.upTo(size - version.length)) json.take(piece)
    const meaning = json.end()
    if (meaning.status !== 'read') hasDoubledKeys = true
    const standIn = standInOf(mark, meaning.status === 'read' ? meaning.digest : null)
    length.writeInt32BE(version.length + standIn.length, 0)
    kept.push(length, version, standIn)
  }
  const message = Buffer.concat(kept)
  message.writeInt32BE(message.length - 1, 1)
  return { message, rest: pieces.rest(), hasDoubledKeys }
}

/** A stream read in sizes of the reader's choice. */
class Pieces {
  private waiting: Buffer[]
  private size = 0
  private readonly release = createBufferRelease()

  constructor(
    first: Buffer,
    private readonly take: () => Promise<readonly Buffer[]>,
  ) {
    this.waiting = [first]
  }

  async *upTo(size: number): AsyncGenerator<Buffer, void> {
    for (let left = size; left > 0; ) {
      if (this.waiting.length === 0) this.waiting = [...(await this.take())]
      const [piece] = this.waiting.splice(0, 1)
      if (!piece) continue
      if (piece.length > left) this.waiting.unshift(piece.subarray(left))
      const part = piece.subarray(0, left)
      left -= part.length
      this.size += part.length
      this.release(this.size)
      yield part
    }
  }

  /** In memory of its own. */
  async exactly(size: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(size)
    let at = 0
    for await (const part of this.upTo(size)) at += part.copy(bytes, at)
    return bytes
  }

  rest(): readonly Buffer[] {
    return this.waiting
  }
}
