import { isUtf8 } from 'node:buffer'
import type { ValueCode } from './value-codes'

/** Looks at a text piece by piece. */
export interface TextScan {
  take(bytes: Buffer): void
  /** What PostgreSQL would refuse it for, or null. */
  end(): ValueCode | null
}

/** Whether a text that comes in pieces is valid UTF-8 without NUL; a character may lie across two pieces. */
export function createTextScan(): TextScan {
  /** The beginning of a character whose end is in the next piece. */
  let rest = Buffer.alloc(0)
  let isValid = true
  let hasNul = false
  return {
    take(bytes) {
      hasNul ||= bytes.includes(0)
      const missing = Math.min(bytes.length, rest.length === 0 ? 0 : characterBytes(rest[0] ?? 0) - rest.length)
      const joined = Buffer.concat([rest, bytes.subarray(0, missing)])
      const isJoinedWhole = joined.length === 0 || unfinishedBytes(joined) === 0
      if (isJoinedWhole) isValid &&= isUtf8(joined)
      const body = bytes.subarray(missing)
      const end = body.length - unfinishedBytes(body)
      isValid &&= isUtf8(body.subarray(0, end))
      rest = isJoinedWhole ? Buffer.from(body.subarray(end)) : joined
    },
    end() {
      if (!isValid || rest.length > 0) return 'INVALID_UTF8'
      return hasNul ? 'NUL_IN_TEXT' : null
    },
  }
}

/** Bytes at the end that begin a character and do not end it. */
function unfinishedBytes(bytes: Buffer): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count += 1) {
    const byte = bytes[bytes.length - count] ?? 0
    if (byte >= 0xc0) return characterBytes(byte) > count ? count : 0
    if (byte < 0x80) return 0
  }
  return 0
}

/** Bytes of the character that begins with this one. */
function characterBytes(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
}
