import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'

/** SHA-256 of all that a stream holds, hex. */
export async function digestOfStream(stream: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(stream, hash, { signal })
  return hash.digest('hex')
}
