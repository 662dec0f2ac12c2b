/** How a file stores its texts. */
export type TextEncoding = 'utf8' | 'utf16le' | 'utf16be'

/** Turns a text of UTF-16 into UTF-8 piece by piece, wherever it is cut. */
export interface Utf16Reader {
  read(piece: Buffer): Buffer
  /** What was left when the text ended. */
  end(): Buffer
}

/**
 * Reads as SQLite does when it is asked for UTF-8 (`READ_UTF16` in its utf.c): half of a pair takes the unit that follows for
 * the other half, whatever it is, and the one that nothing follows comes as it stands. So the same text is found in a long value
 * as SQLite would give of a short one, and what is not a text is not made one.
 */
export function createUtf16Reader(encoding: 'utf16le' | 'utf16be'): Utf16Reader {
  /** A unit that was cut, or half of a pair. */
  let rest = Buffer.alloc(0)
  const unitAt = (bytes: Buffer, at: number) => (encoding === 'utf16le' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  return {
    read(piece) {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
      // Each unit becomes three bytes at most.
      const text = Buffer.allocUnsafe((bytes.length >> 1) * 3 + 4)
      let length = 0
      let at = 0
      while (at + 2 <= bytes.length) {
        const unit = unitAt(bytes, at)
        const isHalf = unit >= 0xd800 && unit < 0xe000
        if (isHalf && at + 4 > bytes.length) break
        length = writeCharacter(text, length, isHalf ? joinHalves(unit, unitAt(bytes, at + 2)) : unit)
        at += isHalf ? 4 : 2
      }
      rest = Buffer.from(bytes.subarray(at))
      return text.subarray(0, length)
    },
    end() {
      const text = Buffer.alloc(3)
      return text.subarray(0, rest.length < 2 ? 0 : writeCharacter(text, 0, unitAt(rest, 0)))
    },
  }
}

function joinHalves(first: number, second: number): number {
  return (second & 0x3ff) + ((first & 0x3f) << 10) + (((first & 0x3c0) + 0x40) << 10)
}

function writeCharacter(text: Buffer, at: number, code: number): number {
  let next = at
  if (code < 0x80) {
    text[next++] = code
    return next
  }
  if (code < 0x800) text[next++] = 0xc0 | (code >> 6)
  else if (code < 0x1_0000) text[next++] = 0xe0 | (code >> 12)
  else {
    text[next++] = 0xf0 | ((code >> 18) & 0x07)
    text[next++] = 0x80 | ((code >> 12) & 0x3f)
  }
  if (code >= 0x800) text[next++] = 0x80 | ((code >> 6) & 0x3f)
  text[next++] = 0x80 | (code & 0x3f)
  return next
}
