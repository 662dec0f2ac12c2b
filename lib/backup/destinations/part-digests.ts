import { createHash, type Hash } from 'node:crypto'
import { Transform } from 'node:stream'

/** What was sent, as both sides can name it. */
export interface SentDigests {
  readonly sizeBytes: number
  /** Of everything, hex. */
  readonly sha256: string
  /** The ETags that S3 gives to such content: sent as one object, or in parts of this size. */
  readonly etags: readonly string[]
}

/**
 * Passes bytes on and keeps the sums of them: SHA-256 of the whole, MD5 of the whole and of each part. An ETag is the MD5 of
 * the content, or of the MD5s of its parts, wherever a store does not encrypt with a key of its own.
 */
export function createPartDigests(partBytes: number): { readonly stream: Transform; result(): SentDigests } {
  const whole = createHash('sha256')
  const wholeMd5 = createHash('md5')
  const parts: Buffer[] = []
  let part: Hash = createHash('md5')
  let inPart = 0
  let sizeBytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      whole.update(chunk)
      wholeMd5.update(chunk)
      sizeBytes += chunk.length
      for (let offset = 0; offset < chunk.length; ) {
        const take = Math.min(chunk.length - offset, partBytes - inPart)
        part.update(chunk.subarray(offset, offset + take))
        offset += take
        inPart += take
        if (inPart < partBytes) continue
        parts.push(part.digest())
        part = createHash('md5')
        inPart = 0
      }
      done(null, chunk)
    },
  })
  return {
    stream,
    result: () => {
      const all = inPart > 0 ? [...parts, part.digest()] : parts
      const ofParts = createHash('md5').update(Buffer.concat(all)).digest('hex')
      return { sizeBytes, sha256: whole.digest('hex'), etags: [wholeMd5.digest('hex'), `${ofParts}-${all.length}`] }
    },
  }
}
