import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Transform } from 'node:stream'

/**
 * The content of an age file after its header, as https://age-encryption.org/v1 has it: a nonce of 16 bytes, then pieces of
 * 64 KiB, each sealed with ChaCha20-Poly1305 under its number, the last of them marked. By Node's own cipher: the one of
 * `age-encryption` is plain JavaScript and takes a core for 10 MB/s where this does 180.
 */
export const payloadNonceBytes = 16
const pieceBytes = 64 * 1024
const tagBytes = 16
const cipherName = 'chacha20-poly1305'

/** Seals what flows through; the nonce comes first. Memory: one piece. */
export function sealPayload(fileKey: Uint8Array): Transform {
  const nonce = randomBytes(payloadNonceBytes)
  const key = payloadKey(fileKey, nonce)
  const numbers = pieceNumbers()
  const seal = (piece: Buffer, isLast: boolean) => {
    const cipher = createCipheriv(cipherName, key, numbers.next(isLast), { authTagLength: tagBytes })
    // It holds nothing back: all of the text is in the first part.
    return [cipher.update(piece), cipher.final(), cipher.getAuthTag()]
  }
  const pieces = createPieces(pieceBytes)
  const transform = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const piece of pieces.take(chunk)) for (const part of seal(piece, false)) this.push(part)
      done()
    },
    flush(done) {
      for (const part of seal(pieces.rest(), true)) this.push(part)
      done()
    },
  })
  transform.push(nonce)
  return transform
}

/** Opens what flows through, the nonce already taken off. Nothing of a piece is passed on before its seal was found good. */
export function openPayload(fileKey: Uint8Array, nonce: Uint8Array): Transform {
  const key = payloadKey(fileKey, nonce)
  const numbers = pieceNumbers()
  let count = 0
  const open = (piece: Buffer, isLast: boolean) => {
    if (piece.length < tagBytes) throw new Error('The file ends within a piece.')
    const end = piece.length - tagBytes
    if (isLast && end === 0 && count > 0) throw new Error('The last piece is empty.')
    const decipher = createDecipheriv(cipherName, key, numbers.next(isLast), { authTagLength: tagBytes })
    decipher.setAuthTag(piece.subarray(end))
    const plain = decipher.update(piece.subarray(0, end))
    decipher.final()
    count += 1
    return plain
  }
  const pieces = createPieces(pieceBytes + tagBytes)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      attempt(done, () => {
        for (const piece of pieces.take(chunk)) this.push(open(piece, false))
      })
    },
    flush(done) {
      attempt(done, () => {
        this.push(open(pieces.rest(), true))
      })
    },
  })
}

/**
 * Cuts a stream into pieces. A full one is only given out when more follows: the last has to be known as such. The same
 * buffer is given each time; it is to be used up before the next is asked for.
 */
function createPieces(bytes: number) {
  const piece = Buffer.allocUnsafeSlow(bytes)
  let used = 0
  return {
    *take(chunk: Buffer): Generator<Buffer> {
      for (let at = 0; at < chunk.length; ) {
        if (used === bytes) {
          yield piece
          used = 0
        }
        const taken = chunk.copy(piece, used, at)
        used += taken
        at += taken
      }
    },
    rest: () => piece.subarray(0, used),
  }
}

/** Eleven bytes of a counter, and one that says whether the piece is the last. */
function pieceNumbers() {
  const number = Buffer.alloc(12)
  let next = 0
  return {
    next(isLast: boolean): Buffer {
      number.writeUIntBE(next, 5, 6)
      number[11] = isLast ? 1 : 0
      next += 1
      return number
    },
  }
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

function attempt(done: (error?: Error) => void, work: () => void): void {
  try {
    work()
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
    return
  }
  done()
}
