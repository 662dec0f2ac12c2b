/** A text of UTF-16, as the file stores it, in UTF-8. Half of a pair becomes a byte that no UTF-8 has, so that it is found wherever it stands. */
export function utf8OfUtf16(stored: Buffer, isBigEndian: boolean): Buffer {
  const decoder = createUtf16Decoder(isBigEndian)
  return Buffer.concat([decoder.take(stored), decoder.end()])
}

/** Turns a text of UTF-16 into UTF-8 piece by piece, wherever it is cut. */
export interface Utf16Decoder {
  take(stored: Buffer): Buffer
  /** What was left when the text ended. An odd byte at the end is none of the text: SQLite leaves it out too. */
  end(): Buffer
}

export function createUtf16Decoder(isBigEndian: boolean): Utf16Decoder {
  /** A unit that was cut, or the first half of a pair. */
  let rest = Buffer.alloc(0)
  return {
    take(stored) {
      const bytes = rest.length === 0 ? stored : Buffer.concat([rest, stored])
      let end = bytes.length & ~1
      const last = end === 0 ? 0 : isBigEndian ? bytes.readUInt16BE(end - 2) : bytes.readUInt16LE(end - 2)
      if (isFirstHalf(last)) end -= 2
      const units = bytes.subarray(0, end)
      const text = encode((isBigEndian ? Buffer.from(units).swap16() : units).toString('utf16le'))
      // A copy: the piece belongs to who gave it.
      rest = Buffer.from(bytes.subarray(end))
      return text
    },
    end: () => (rest.length < 2 ? Buffer.alloc(0) : Buffer.from([noUtf8])),
  }
}

const noUtf8 = 0xff

/** Buffer.from() alone would make U+FFFD of half of a pair, which is a character that a text may have. */
function encode(text: string): Buffer {
  const parts = text.split(/(\p{Surrogate})/u)
  if (parts.length === 1) return Buffer.from(text)
  return Buffer.concat(parts.map((part, index) => (index % 2 === 1 ? Buffer.from([noUtf8]) : Buffer.from(part))))
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}
