import { canonicalDecimal } from './canonical-decimal'
import { endOfText, JsonSink } from './json-sink'

export type JsonMeaning =
  | { readonly status: 'read'; readonly digest: string }
  | { readonly status: 'invalid' }
  /** An object may have a key twice, of which the last counts: only the whole text tells what it means. */
  | { readonly status: 'doubled-keys' }

/** Takes a JSON text in UTF-8 piece by piece, wherever it is cut. */
export interface JsonDigest {
  take(piece: Buffer): void
  end(): JsonMeaning
}

/**
 * A digest of what a JSON text means, for texts that are too long to be held: two have the same when `canonicalJson` makes one text of
 * both. A reader of its own, since a proof does not ask what the copy asked.
 *
 * @param hasUniqueKeys where that is known, as of what jsonb prints
 */
export function createJsonDigest(hasUniqueKeys: boolean): JsonDigest {
  const sink = new JsonSink(hasUniqueKeys)
  let state: State = 'value'
  /** Open containers, innermost last: whether each is an object. */
  const open: boolean[] = []
  let isKey = false
  /** A number or word so far. */
  let token = ''
  let code = 0
  let digits = 0
  /** The escaped first half of a pair, which the next escape may complete; 0 for none. */
  let half = 0

  const endHalf = () => {
    // Half of a pair alone has bytes that no UTF-8 text has.
    if (half !== 0) writeUnit(half)
    half = 0
  }
  const writeUnit = (unit: number) => {
    if (unit < 0x80) return sink.writeByte(unit)
    if (unit < 0x800) sink.writeByte(0xc0 | (unit >> 6))
    else {
      sink.writeByte(0xe0 | (unit >> 12))
      sink.writeByte(0x80 | ((unit >> 6) & 0x3f))
    }
    sink.writeByte(0x80 | (unit & 0x3f))
  }
  const endEscape = () => {
    state = 'string'
    if (half !== 0 && code >= 0xdc00 && code <= 0xdfff) {
      const pair = Buffer.from(String.fromCharCode(half, code))
      sink.write(pair, 0, pair.length)
      half = 0
      return
    }
    endHalf()
    if (code >= 0xd800 && code <= 0xdbff) half = code
    else writeUnit(code)
  }
  const afterValue = () => {
    state = open.length === 0 ? 'done' : 'afterValue'
    if (open.at(-1)) sink.endMember()
  }
  const endString = () => {
    endHalf()
    sink.writeByte(endOfText)
    if (!isKey) return afterValue()
    sink.endKey()
    state = 'colon'
  }
  const endToken = (): boolean => {
    const text = meaningOf(token)
    if (text === null) return false
    for (let at = 0; at < text.length; at++) sink.writeByte(text.charCodeAt(at))
    sink.writeByte(endOfText)
    afterValue()
    return true
  }
  /** Takes a whole number whose digits are canonical as they stand; where it ends, or `at` when it is for endToken. */
  const takePlainNumber = (piece: Buffer, at: number): number => {
    const end = endOfPlainNumber(piece, at)
    if (end === at) return at
    sink.write(piece, at, end)
    sink.writeByte(endOfText)
    afterValue()
    return end
  }
  const beginString = (asKey: boolean) => {
    isKey = asKey
    if (asKey) sink.beginMember()
    else sink.writeByte(quote)
    state = 'string'
  }
  const beginValue = (byte: number): boolean => {
    if (byte === quote) beginString(false)
    else if (byte === openObject) {
      open.push(true)
      sink.openObject()
      state = 'firstKey'
    } else if (byte === openArray) {
      open.push(false)
      sink.writeByte(openArray)
      state = 'firstItem'
    } else return false
    return true
  }
  const close = (byte: number): boolean => {
    const isObject = open.pop()
    if (byte !== (isObject ? closeObject : closeArray)) return false
    if (isObject) sink.closeObject()
    else sink.writeByte(closeArray)
    afterValue()
    return true
  }
  /** Takes one byte that stands neither within a text nor within a number or word; false where JSON cannot go on so. */
  const step = (byte: number): boolean => {
    switch (state) {
      case 'escape': {
        const unit = escapes[byte] ?? 0
        state = byte === letterU ? 'hexadecimal' : 'string'
        code = 0
        digits = 0
        if (byte === letterU) return true
        endHalf()
        if (unit !== 0) sink.writeByte(unit)
        return unit !== 0
      }
      case 'hexadecimal': {
        const digit = hexadecimal(byte)
        code = code * 16 + digit
        digits += 1
        if (digits === 4) endEscape()
        return digit >= 0
      }
      case 'value':
        return isSpace(byte) || beginValue(byte)
      case 'firstItem':
        return isSpace(byte) || (byte === closeArray ? close(byte) : beginValue(byte))
      case 'firstKey':
      case 'key':
        if (isSpace(byte)) return true
        if (byte === quote) {
          beginString(true)
          return true
        }
        return state === 'firstKey' && byte === closeObject && close(byte)
      case 'colon':
        if (byte === colon) state = 'value'
        return byte === colon || isSpace(byte)
      case 'afterValue':
        if (byte !== comma) return isSpace(byte) || close(byte)
        state = open.at(-1) ? 'key' : 'value'
        return true
      default:
        return state === 'done' && isSpace(byte)
    }
  }
  const takeFrom = (piece: Buffer, at: number): number => {
    if (state === 'string') {
      const end = endOfPlain(piece, at)
      if (end > at) {
        endHalf()
        sink.write(piece, at, end)
      }
      if (end === piece.length) return end
      if (piece[end] === quote) endString()
      else if (piece[end] === backslash) state = 'escape'
      else state = 'invalid'
      return end + 1
    }
    if (state === 'token') {
      const after = token === '' ? takePlainNumber(piece, at) : at
      if (after > at) return after
      let end = at
      while (end < piece.length && isTokenByte(piece[end] ?? 0)) end++
      token += piece.toString('latin1', at, end)
      if (end < piece.length && !endToken()) state = 'invalid'
      return end
    }
    const byte = piece[at] ?? 0
    if ((state === 'value' || state === 'firstItem') && isTokenByte(byte)) {
      token = ''
      state = 'token'
      return at
    }
    if (!step(byte)) state = 'invalid'
    return at + 1
  }
  return {
    take(piece) {
      for (let at = 0; at < piece.length && state !== 'invalid'; ) at = takeFrom(piece, at)
    },
    end() {
      if (state === 'token' && !endToken()) state = 'invalid'
      if (state !== 'done') return { status: 'invalid' }
      return sink.hasDoubledKeys ? { status: 'doubled-keys' } : { status: 'read', digest: sink.finish() }
    },
  }
}

type State =
  | 'value'
  | 'firstItem'
  | 'firstKey'
  | 'key'
  | 'colon'
  | 'afterValue'
  | 'string'
  | 'escape'
  | 'hexadecimal'
  | 'token'
  | 'done'
  | 'invalid'

const [quote, backslash, comma, colon, letterU, minus, point, zero] = [0x22, 0x5c, 0x2c, 0x3a, 0x75, 0x2d, 0x2e, 0x30]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** What the letter behind a backslash stands for. */
const escapes: Readonly<Record<number, number>> = { 34: 34, 92: 92, 47: 47, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9 }

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

/** A number in canonical digits, a word as it is; null for what is neither. */
function meaningOf(token: string): string | null {
  if (token === 'true' || token === 'false' || token === 'null') return token
  return plainNumber.test(token) ? (canonicalDecimal(token) ?? token) : null
}

/**
 * Behind a number without exponent, zeros that say nothing and a sign before zero, if it is all in this piece; otherwise `start`.
 */
function endOfPlainNumber(bytes: Buffer, start: number): number {
  const digits = bytes[start] === minus ? start + 1 : start
  let at = digits
  while (isDigitAt(bytes, at)) at++
  if (at === digits || (bytes[digits] === zero && (at > digits + 1 || (digits > start && bytes[at] !== point)))) return start
  if (bytes[at] === point) {
    const fraction = ++at
    while (isDigitAt(bytes, at)) at++
    if (at === fraction || bytes[at - 1] === zero) return start
  }
  return at < bytes.length && !isTokenByte(bytes[at] ?? 0) ? at : start
}

function isDigitAt(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] ?? 0
  return byte >= 0x30 && byte <= 0x39
}

/** Bytes that mean something within a text: control characters, quote and backslash. */
const special = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte < 0x20 || byte === quote || byte === backslash))

function endOfPlain(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && special[bytes[at] ?? 0] === 0) at++
  return at
}

/** Digits, signs, point, letters. */
const tokenBytes = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[-+.0-9A-Za-z]/.test(String.fromCharCode(byte))))

function isTokenByte(byte: number): boolean {
  return tokenBytes[byte] === 1
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function hexadecimal(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1
}
