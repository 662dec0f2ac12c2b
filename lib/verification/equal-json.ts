/**
 * A fast look at two JSON texts that can only say "surely equal": the same values token by token, members of objects in
 * any order, since jsonb orders them anew; or else the same values once parsed. Numbers too long for a double are left
 * to the canonical text, which compares their digits.
 */
export function isSurelyEqualJson(source: Buffer, start: number, end: number, target: Buffer, from: number, to: number): boolean {
  if (hasSameTokens(source, start, end, target, from, to)) return true
  if (hasLongNumber(source, start, end) || hasLongNumber(target, from, to)) return false
  try {
    return isDeepEqual(JSON.parse(source.toString('utf8', start, end)), JSON.parse(target.toString('utf8', from, to)))
  } catch {
    return false
  }
}

/** Whether more than fifteen digits and points stand together, or an exponent: what a double may not hold exactly. */
function hasLongNumber(bytes: Buffer, start: number, end: number): boolean {
  let run = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if ((byte >= 48 && byte <= 57) || byte === 46) run++
    else if (run > 0) {
      if (byte === 101 || byte === 69) return true
      run = 0
    }
    if (run > 15) return true
  }
  return false
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
    return one.every((item, place) => isDeepEqual(item, other[place]))
  }
  const keys = Object.keys(one)
  // Both come from JSON.parse: plain objects with properties of their own, `__proto__` too.
  const [left, right] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>]
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && isDeepEqual(left[key], right[key]))
}

const quote = 34
const comma = 44
const colon = 58
const openArray = 91
const backslash = 92
const closeArray = 93
const openObject = 123
const closeObject = 125

/** Objects with more members, and values nested deeper, are parsed instead. */
const mostMembers = 32
const deepest = 8

/**
 * For each depth, where the target's members are: the key's text from and to, the value's from, and whether it has its pair;
 * and which of them was the pair of the source's first, second … key the last time, since most rows are made alike.
 */
const members = Array.from({ length: deepest }, () => ({
  keyFrom: new Int32Array(mostMembers),
  keyTo: new Int32Array(mostMembers),
  valueFrom: new Int32Array(mostMembers),
  isPaired: new Uint8Array(mostMembers),
  lastPair: new Uint8Array(mostMembers),
}))

/** Where the target's value ended that was found last; a variable, since rows are many. */
let targetEnd = 0

/**
 * Compares without making a string or an object of anything, at a tenth of what JSON.parse takes. Texts and numbers are
 * equal here only byte by byte; other spellings of the same value are not for here.
 *
 * The functions below answer where the source's value ends, or -1 when it is not surely the same. Should a text be no JSON,
 * they may look beyond its end, at what lies behind it: then they do not end where the text ends, and nothing is sure.
 */
function hasSameTokens(source: Buffer, start: number, end: number, target: Buffer, from: number, to: number): boolean {
  const after = sameValue(source, skipSpaces(source, start, end), end, target, skipSpaces(target, from, to), to, 0)
  return after >= 0 && skipSpaces(source, after, end) === end && skipSpaces(target, targetEnd, to) === to
}

function sameValue(source: Buffer, at: number, end: number, target: Buffer, from: number, to: number, depth: number): number {
  const first = source[at]
  if (first !== target[from] || at >= end || from >= to) return -1
  if (first === quote) return sameString(source, at + 1, end, target, from + 1)
  if (first !== openObject && first !== openArray) return sameWord(source, at, end, target, from)
  const after = sameInOrder(source, at, end, target, from)
  if (after >= 0 || depth >= deepest) return after
  if (first === openObject) return sameObject(source, at + 1, end, target, from + 1, to, depth)
  return sameArray(source, at + 1, end, target, from + 1, to, depth)
}

/** An object or array whose text is the same but for the space that PostgreSQL prints after each comma and colon. */
function sameInOrder(source: Buffer, start: number, end: number, target: Buffer, from: number): number {
  let right = from
  let depth = 0
  for (let at = start; at < end; ) {
    const byte = source[at]
    if (byte !== target[right]) return -1
    at++
    right++
    if (byte === quote) {
      at = sameString(source, at, end, target, right)
      if (at < 0) return -1
      right = targetEnd
    } else if (byte === comma || byte === colon) {
      if (target[right] === 32 && source[at] !== 32) right++
    } else if (byte === openObject || byte === openArray) depth++
    else if ((byte === closeObject || byte === closeArray) && --depth === 0) {
      targetEnd = right
      return at
    }
  }
  return -1
}

/** Both begin behind the opening quote. */
function sameString(source: Buffer, start: number, end: number, target: Buffer, from: number): number {
  const shift = from - start
  for (let at = start; at < end; at++) {
    const byte = source[at]
    if (byte !== target[at + shift]) return -1
    if (byte === quote) {
      targetEnd = at + shift + 1
      return at + 1
    }
    if (byte === backslash && source[++at] !== target[at + shift]) return -1
  }
  return -1
}

/** A number or true, false, null. A word of the target must end where the source's ends: 1 is not 12. */
function sameWord(source: Buffer, start: number, end: number, target: Buffer, from: number): number {
  const shift = from - start
  let at = start
  for (; at < end; at++) {
    const byte = source[at]
    if (byte !== target[at + shift]) break
    if (!isWord(byte)) break
  }
  if (at === start || (at < end && isWord(source[at])) || isWord(target[at + shift])) return -1
  targetEnd = at + shift
  return at
}

function sameArray(source: Buffer, start: number, end: number, target: Buffer, from: number, to: number, depth: number): number {
  let at = skipSpaces(source, start, end)
  let right = skipSpaces(target, from, to)
  if (source[at] === closeArray && target[right] === closeArray) {
    targetEnd = right + 1
    return at + 1
  }
  for (;;) {
    at = sameValue(source, at, end, target, right, to, depth + 1)
    if (at < 0) return -1
    at = skipSpaces(source, at, end)
    right = skipSpaces(target, targetEnd, to)
    const byte = source[at]
    if (byte !== target[right]) return -1
    if (byte === closeArray) {
      targetEnd = right + 1
      return at + 1
    }
    if (byte !== comma) return -1
    at = skipSpaces(source, at + 1, end)
    right = skipSpaces(target, right + 1, to)
  }
}

function sameObject(source: Buffer, start: number, end: number, target: Buffer, from: number, to: number, depth: number): number {
  const found = members[depth]
  if (!found) return -1
  const count = findMembers(target, from, to, found)
  const objectEnd = targetEnd
  if (count < 0) return -1
  let at = skipSpaces(source, start, end)
  if (source[at] === closeObject) {
    targetEnd = objectEnd
    return count === 0 ? at + 1 : -1
  }
  for (let seen = 1; seen <= count; seen++) {
    if (source[at] !== quote) return -1
    let member = found.lastPair[seen - 1] ?? 0
    let keyTo = member < count ? sameString(source, at + 1, end, target, (found.keyFrom[member] ?? 0) + 1) : -1
    if (keyTo < 0) {
      keyTo = endOfString(source, at + 1, end)
      member = memberOf(source, at, keyTo, target, found, count)
      if (member < 0) return -1
      found.lastPair[seen - 1] = member
    } else if (found.isPaired[member] === 1) return -1
    at = skipSpaces(source, keyTo, end)
    if (source[at] !== colon) return -1
    // Members are paired one to one, so a key that stands twice in the source is not equal to two different ones.
    found.isPaired[member] = 1
    at = sameValue(source, skipSpaces(source, at + 1, end), end, target, found.valueFrom[member] ?? 0, to, depth + 1)
    if (at < 0) return -1
    at = skipSpaces(source, at, end)
    if (source[at] === closeObject) {
      targetEnd = objectEnd
      return seen === count ? at + 1 : -1
    }
    if (source[at] !== comma) return -1
    at = skipSpaces(source, at + 1, end)
  }
  return -1
}

/** Notes where the members of the target's object are, and in `targetEnd` where it ends. Negative when it is not for here. */
function findMembers(bytes: Buffer, start: number, end: number, found: (typeof members)[number]): number {
  const { keyFrom, keyTo, valueFrom, isPaired } = found
  let at = skipSpaces(bytes, start, end)
  if (bytes[at] === closeObject) {
    targetEnd = at + 1
    return 0
  }
  for (let count = 0; count < mostMembers; ) {
    if (bytes[at] !== quote) return -1
    keyFrom[count] = at
    at = endOfString(bytes, at + 1, end)
    keyTo[count] = at
    isPaired[count] = 0
    at = skipSpaces(bytes, at, end)
    if (bytes[at] !== colon) return -1
    at = skipSpaces(bytes, at + 1, end)
    valueFrom[count] = at
    at = skipSpaces(bytes, endOfValue(bytes, at, end), end)
    count++
    const byte = bytes[at]
    if (byte === closeObject) {
      targetEnd = at + 1
      return count
    }
    if (byte !== comma) return -1
    at = skipSpaces(bytes, at + 1, end)
  }
  return -1
}

function memberOf(source: Buffer, from: number, to: number, target: Buffer, found: (typeof members)[number], count: number): number {
  const { keyFrom, keyTo, isPaired } = found
  for (let member = 0; member < count; member++) {
    const shift = (keyFrom[member] ?? 0) - from
    if ((keyTo[member] ?? 0) - shift !== to || isPaired[member] === 1) continue
    let at = from + 1
    while (at < to && source[at] === target[at + shift]) at++
    if (at === to) return member
  }
  return -1
}

/** Behind the value that begins at `at`; past the end when it has none. */
function endOfValue(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start]
  if (first === quote) return endOfString(bytes, start + 1, end)
  let at = start
  if (first !== openObject && first !== openArray) {
    while (at < end && isWord(bytes[at])) at++
    return at
  }
  for (let depth = 0; at < end; ) {
    const byte = bytes[at++]
    if (byte === quote) at = endOfString(bytes, at, end)
    else if (byte === openObject || byte === openArray) depth++
    else if ((byte === closeObject || byte === closeArray) && --depth === 0) return at
  }
  return end
}

/** Behind the closing quote; past the end when there is none. */
function endOfString(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === quote) return at + 1
    if (byte === backslash) at++
  }
  return end + 1
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && byte > 32 && byte !== comma && byte !== colon && byte !== closeArray && byte !== closeObject
}

function skipSpaces(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && isSpace(bytes[at])) at++
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9
}
