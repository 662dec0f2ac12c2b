import type { TextScan } from './long-text'
import type { ValueCode } from './value-codes'

/** Bytes of one jsonb container: its offsets have 28 bits. */
const maxJsonbBytes = 255 * 1024 * 1024
const maxContainerBytes = 2 ** 28 - 1
/** PostgreSQL doubles the room for items (32 bytes each) and members (72), up to 1 GB. */
const [maxItems, maxMembers] = [2 ** 24, 2 ** 23]
const deepestNesting = 1000

/**
 * Looks at a JSON text that comes in pieces and answers what convertJson does for the whole of it (convert-text.ts), which would
 * need a text of JavaScript and the objects that it stands for: 600 MiB for one of 100 MB.
 *
 * @param binary for a jsonb column, which refuses what JSON itself allows
 */
export function createJsonScan(binary: boolean): TextScan {
  let state: State = 'value'
  /** Open containers, innermost last: whether each is an object. */
  const open: boolean[] = []
  let isValid = true
  let isTooDeep = false
  let bytesInAll = 0
  let hasNul = false
  let hasLoneHalf = false
  let hasHugeNumber = false
  let isKey = false
  /** What is left to come of a word such as true. */
  let word = ''
  /** Hexadecimal digits of an escape so far, and what they say. */
  let digits = 0
  let code = 0
  /** Whether the escape just before was the first half of a pair. */
  let isHalfOpen = false
  /** Digits of the number at hand, by part; the sign counts as one of the whole, as convertJson counts it. */
  let whole = 0
  let fraction = 0
  let exponent = 0
  let isNegative = false
  /** Of the text at hand, once its escapes are read. */
  let textBytes = 0
  /** Of each open container, and of all: about how large it is as jsonb, and its items, keys among them. */
  const sizes = [0]
  const counts = [0]
  let isTooLarge = false

  const addItem = (bytes: number) => {
    const last = sizes.length - 1
    // Each has an entry of four bytes beside it.
    sizes[last] = (sizes[last] ?? 0) + 4 + bytes
    counts[last] = (counts[last] ?? 0) + 1
  }
  const closeHalf = () => {
    if (isHalfOpen) hasLoneHalf = true
    isHalfOpen = false
  }
  const endNumber = () => {
    const shift = isNegative ? -exponent : exponent
    if (whole + shift > 131_072 || fraction - shift > 16_383) hasHugeNumber = true
    // Four digits in two bytes, on either side of the point.
    addItem(6 + 2 * (Math.ceil(whole / 4) + Math.ceil(fraction / 4)))
  }
  const afterValue = () => {
    state = open.length === 0 ? 'done' : 'afterValue'
  }
  const push = (isObject: boolean) => {
    open.push(isObject)
    sizes.push(4)
    counts.push(0)
    if (open.length > deepestNesting) isTooDeep = true
    state = isObject ? 'firstKey' : 'firstItem'
  }
  const pop = () => {
    const mostItems = open.pop() ? 2 * maxMembers : maxItems
    const size = sizes.pop() ?? 0
    if (size > maxContainerBytes || (counts.pop() ?? 0) > mostItems) isTooLarge = true
    addItem(size)
    afterValue()
  }
  const beginString = (asKey: boolean) => {
    isKey = asKey
    textBytes = 0
    state = 'string'
  }
  const beginValue = (byte: number): boolean => {
    if (byte === quote) beginString(false)
    else if (byte === openObject || byte === openArray) push(byte === openObject)
    else if (byte === minus || isDigit(byte)) {
      whole = 1
      fraction = 0
      exponent = 0
      isNegative = false
      state = byte === minus ? 'minus' : byte === zero ? 'leadingZero' : 'whole'
    } else {
      word = words.get(byte) ?? ''
      if (word === '') return false
      state = 'word'
    }
    return true
  }
  const endEscape = () => {
    if (code === 0) hasNul = true
    textBytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3
    const isLow = code >= 0xdc00 && code <= 0xdfff
    const isHigh = code >= 0xd800 && code <= 0xdbff
    if (isHalfOpen !== isLow) hasLoneHalf = true
    isHalfOpen = isHigh
    state = 'string'
  }
  /** Takes one byte; false where JSON cannot go on so. */
  const step = (byte: number): boolean => {
    switch (state) {
      case 'string':
        if (byte === backslash) {
          state = 'escape'
          return true
        }
        closeHalf()
        textBytes += 1
        if (byte === quote) {
          addItem(textBytes)
          if (isKey) state = 'colon'
          else afterValue()
        }
        return byte >= 0x20
      case 'escape':
        if (byte === letterU) {
          digits = 0
          code = 0
          state = 'hexadecimal'
          return true
        }
        closeHalf()
        textBytes += 1
        state = 'string'
        return escapable.has(byte)
      case 'hexadecimal': {
        const digit = hexadecimal(byte)
        if (digit < 0) return false
        code = code * 16 + digit
        digits += 1
        if (digits === 4) endEscape()
        return true
      }
      case 'word':
        if (byte !== word.charCodeAt(0)) return false
        word = word.slice(1)
        if (word === '') {
          addItem(0)
          afterValue()
        }
        return true
      case 'minus':
        whole = 2
        state = byte === zero ? 'leadingZero' : 'whole'
        return isDigit(byte)
      case 'leadingZero':
      case 'whole':
        if (state === 'whole' && isDigit(byte)) {
          whole += 1
          return true
        }
        if (byte === point) {
          state = 'point'
          return true
        }
        return exponentOrEnd(byte)
      case 'point':
      case 'fraction':
        if (isDigit(byte)) {
          fraction += 1
          state = 'fraction'
          return true
        }
        return state === 'fraction' && exponentOrEnd(byte)
      case 'exponent':
        state = 'exponentSign'
        if (byte === minus || byte === plus) {
          isNegative = byte === minus
          return true
        }
        return step(byte)
      case 'exponentSign':
      case 'exponentDigits':
        if (isDigit(byte)) {
          // Beyond every bound already.
          exponent = Math.min(1e9, exponent * 10 + byte - zero)
          state = 'exponentDigits'
          return true
        }
        return state === 'exponentDigits' && endOfNumber(byte)
      default:
        return isSpace(byte) || between(byte)
    }
  }
  const exponentOrEnd = (byte: number): boolean => {
    if (byte !== letterE && byte !== capitalE) return endOfNumber(byte)
    state = 'exponent'
    return true
  }
  const endOfNumber = (byte: number): boolean => {
    endNumber()
    afterValue()
    return step(byte)
  }
  /** Between values, where spaces may stand. */
  const between = (byte: number): boolean => {
    switch (state) {
      case 'value':
        return beginValue(byte)
      case 'firstItem':
        if (byte !== closeArray) return beginValue(byte)
        pop()
        return true
      case 'firstKey':
      case 'key':
        if (byte === quote) {
          beginString(true)
          return true
        }
        if (byte !== closeObject || state === 'key') return false
        pop()
        return true
      case 'colon':
        state = 'value'
        return byte === colon
      case 'afterValue': {
        const isObject = open.at(-1) === true
        if (byte === comma) {
          state = isObject ? 'key' : 'value'
          return true
        }
        pop()
        return byte === (isObject ? closeObject : closeArray)
      }
      default:
        return false
    }
  }
  return {
    take(bytes) {
      bytesInAll += bytes.length
      for (let at = 0; isValid && at < bytes.length; at += 1) {
        // Most of a long text is texts without escapes.
        if (state === 'string' && !isHalfOpen) {
          const end = endOfPlain(bytes, at)
          textBytes += end - at
          at = end
        }
        if (at < bytes.length) isValid = step(bytes[at] ?? 0)
      }
    },
    end(): ValueCode | null {
      if (isValid && (state === 'leadingZero' || state === 'whole' || state === 'fraction' || state === 'exponentDigits')) {
        endNumber()
        if (open.length === 0) state = 'done'
      }
      if (!isValid || state !== 'done') return 'JSON_INVALID'
      if (isTooDeep) return 'JSON_TOO_DEEP'
      if (!binary) return null
      if (bytesInAll > maxJsonbBytes || isTooLarge) return 'JSON_TOO_LARGE'
      if (hasNul) return 'JSON_NUL'
      if (hasLoneHalf) return 'JSON_LONE_SURROGATE'
      return hasHugeNumber ? 'JSON_NUMBER_TOO_LARGE' : null
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
  | 'done'
  | 'string'
  | 'escape'
  | 'hexadecimal'
  | 'word'
  | 'minus'
  | 'leadingZero'
  | 'whole'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'exponentSign'
  | 'exponentDigits'

const [quote, backslash, comma, colon, point, plus, minus, zero] = [0x22, 0x5c, 0x2c, 0x3a, 0x2e, 0x2b, 0x2d, 0x30]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]
const [letterE, capitalE, letterU] = [0x65, 0x45, 0x75]
const escapable: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))
/** What follows the first letter. */
const words: ReadonlyMap<number, string> = new Map([
  [0x74, 'rue'],
  [0x66, 'alse'],
  [0x6e, 'ull'],
])

/** Bytes that mean something within a text: control characters, quote and backslash. */
const special = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte < 0x20 || byte === quote || byte === backslash))

/** Where the next byte that means something stands; behind the end where there is none. */
function endOfPlain(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && special[bytes[at] ?? 0] === 0) at += 1
  return at
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function hexadecimal(byte: number): number {
  if (isDigit(byte)) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1
}
