import { isUtf8 } from 'node:buffer'
import { type Conversion, converted, refused } from './conversion'
import type { RawValue } from './raw-value'
import type { ValueCode } from './value-codes'

type Present = Exclude<RawValue, null>

/** Text: BLOBs are decoded as UTF-8, numbers become their shortest digits; length is counted in code points. */
export function convertText(raw: Present, maxLength: number | null, padded: boolean): Conversion {
  const decoded = decodeText(raw)
  if (decoded.status === 'refused') return decoded
  if (decoded.text.includes('\0')) return refused('NUL_IN_TEXT')
  if (maxLength !== null) {
    const length = codePoints(decoded.text)
    if (length > maxLength) return refused('TEXT_TOO_LONG')
    if (padded && length < maxLength) return refused('TEXT_WOULD_BE_PADDED')
  }
  return decoded
}

function decodeText(raw: Present): Conversion {
  if (typeof raw === 'string') return converted(raw)
  if (!Buffer.isBuffer(raw)) return converted(String(raw), 'TEXT_FROM_NUMBER')
  return isUtf8(raw) ? converted(raw.toString('utf8'), 'TEXT_FROM_BLOB') : refused('INVALID_UTF8')
}

function codePoints(text: string): number {
  let count = text.length
  for (let index = 0; index < text.length - 1; index += 1) {
    if (text.charCodeAt(index) >> 10 === 0x36 && text.charCodeAt(index + 1) >> 10 === 0x37) count -= 1
  }
  return count
}

/** An enum value: its label in the database, which is the mapped name on both sides. */
export function convertEnum(raw: Present, labels: readonly string[]): Conversion {
  const text = Buffer.isBuffer(raw) ? raw.toString('utf8') : String(raw)
  return labels.includes(text) ? converted(text) : refused('ENUM_UNKNOWN')
}

const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A UUID; upper case and the forms without hyphens or in braces are accepted and noted, because PostgreSQL rewrites them. */
export function convertUuid(raw: Present): Conversion {
  const decoded = decodeText(raw)
  if (decoded.status === 'refused') return refused('UUID_INVALID')
  const bare = decoded.text.replace(/^\{(.*)\}$/, '$1').toLowerCase()
  const hyphenated = /^[0-9a-f]{32}$/.test(bare) ? bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') : bare
  if (!canonicalUuid.test(hyphenated)) return refused('UUID_INVALID')
  return converted(hyphenated, decoded.text === hyphenated ? null : 'UUID_REWRITTEN')
}

/** Bytes: a text gives its UTF-8 bytes. Answers PostgreSQL's hexadecimal form. */
export function convertBytes(raw: Present): Conversion {
  if (Buffer.isBuffer(raw)) return converted(`\\x${raw.toString('hex')}`)
  if (typeof raw === 'string') return converted(`\\x${Buffer.from(raw, 'utf8').toString('hex')}`, 'BYTES_FROM_TEXT')
  return refused('BYTES_FROM_NUMBER')
}

/**
 * JSON: numbers (a Json column has NUMERIC affinity) are written as JavaScript does; a BLOB is JSON text or, when
 * `binaryText` is given, SQLite's JSONB as `json()` renders it.
 */
export function convertJson(raw: Present, binary: boolean, binaryText: string | null): Conversion {
  let issue: ValueCode | null = null
  let text: string
  if (Buffer.isBuffer(raw)) {
    const plain = isUtf8(raw) ? raw.toString('utf8') : null
    if (plain !== null && isJson(plain)) text = plain
    else if (binaryText !== null) {
      text = binaryText
      issue = 'JSON_FROM_BINARY'
    } else return refused('JSON_INVALID')
  } else text = String(raw)
  if (!isJson(text)) return refused('JSON_INVALID')
  if (nestingDepth(text) > 1000) return refused('JSON_TOO_DEEP')
  return (binary ? jsonbRefusal(text) : null) ?? converted(text, issue)
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Bytes of one jsonb container: its offsets have 28 bits. */
const maxJsonbBytes = 255 * 1024 * 1024

function jsonbRefusal(text: string): Conversion | null {
  if (Buffer.byteLength(text) > maxJsonbBytes) return refused('JSON_TOO_LARGE')
  // Both escapes are only escapes after an even number of backslashes.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) return refused('JSON_NUL')
  if (/\\u[dD][89a-fA-F]/.test(text) && hasLoneSurrogate(text)) return refused('JSON_LONE_SURROGATE')
  if (hasHugeNumber(text)) return refused('JSON_NUMBER_TOO_LARGE')
  return null
}

function nestingDepth(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (inString) {
      if (code === 0x5c) index += 1
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x5d || code === 0x7d) depth -= 1
  }
  return deepest
}

/** PostgreSQL joins escaped halves only with each other, and only when they follow at once. */
function hasLoneSurrogate(text: string): boolean {
  const escapes = /\\(?:u([0-9a-fA-F]{4})|.)/gs
  let openAt = -1
  for (let match = escapes.exec(text); match !== null; match = escapes.exec(text)) {
    const code = match[1] === undefined ? 0 : Number.parseInt(match[1], 16)
    const isLow = code >= 0xdc00 && code <= 0xdfff
    if (openAt >= 0 && !(isLow && match.index === openAt)) return true
    if (isLow && openAt < 0) return true
    openAt = code >= 0xd800 && code <= 0xdbff ? escapes.lastIndex : -1
  }
  return openAt >= 0
}

/** jsonb keeps numbers as numeric: at most 131,072 digits before the point and 16,383 after it. */
function hasHugeNumber(text: string): boolean {
  if (!/[eE][-+]?\d{4}|\d{16000}/.test(text)) return false
  const outsideStrings = text.replace(/"(?:[^"\\]|\\.)*"/gs, '""')
  for (const [number] of outsideStrings.matchAll(/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g)) {
    const exponent = Number(/[eE]([-+]?\d+)$/.exec(number)?.[1] ?? 0)
    const mantissa = number.replace(/[eE].*$/, '')
    const [whole = '', fraction = ''] = mantissa.split('.')
    if (whole.length + exponent > 131_072 || fraction.length - exponent > 16_383) return true
  }
  return false
}
