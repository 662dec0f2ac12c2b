import type { ValueKind } from '@/lib/core/table-mapping'
import { canonicalSource, canonicalTarget, sourceValue, unreadable } from './canonical-value'
import { isSurelyEqualJson } from './equal-json'
import { type SourceRow, storage } from './source-row'
import type { TargetRow } from './target-rows'

/**
 * Whether column `column` of both rows holds the same value. Each kind has a fast look at the bytes that can only
 * say "surely equal"; everything else is read as typed values and compared by its canonical text. So a mistake in
 * a fast look's reading of odd forms costs time, never the truth.
 */
export function isEqualValue(source: SourceRow, target: TargetRow, column: number, kind: ValueKind): boolean {
  const isSourceNull = source.classes[column] === storage.null
  const isTargetNull = target.lengths[column] === -1
  if (isSourceNull || isTargetNull) return isSourceNull && isTargetNull
  if (isSurelyEqual(source, target, column, kind)) return true
  const one = canonicalSource(sourceValue(source, column), kind)
  if (one === unreadable) return false
  return one === canonicalTarget(target, column, kind)
}

function isSurelyEqual(source: SourceRow, target: TargetRow, column: number, kind: ValueKind): boolean {
  const start = source.starts[column] ?? 0
  const end = source.ends[column] ?? 0
  const at = target.starts[column] ?? 0
  const length = target.lengths[column] ?? 0
  const storedAs = source.classes[column]
  switch (kind.kind) {
    case 'text':
    case 'enum':
    case 'bytes':
      return storedAs !== storage.integer && storedAs !== storage.real && sameBytes(source.bytes, start, end, target.bytes, at, length)
    case 'integer':
      return storedAs === storage.integer && sameInteger(source.bytes, start, end, target.view, at, length)
    case 'boolean':
      return storedAs === storage.integer && end - start === 1 && source.bytes[start] === 48 + (target.bytes[at] ?? 0)
    case 'float':
      return kind.bits === 64 && storedAs === storage.real && sameInteger(source.bytes, start, end, target.view, at, 8)
    case 'decimal':
      return storedAs === storage.integer && sameBytes(source.bytes, start, end, target.bytes, at, length)
    case 'timestamp': {
      const milliseconds =
        storedAs === storage.text
          ? readIsoInstant(source.bytes, start, end)
          : storedAs === storage.integer && end - start <= 15
            ? readDigits(source.bytes, start, end)
            : Number.NaN
      // Exact: below 2^53 microseconds, some 285 years from 2000; further away the canonical text decides.
      return (milliseconds - postgresEpochMs) * 1000 === readInt(target.view, at, length)
    }
    case 'json':
      return storedAs === storage.text && isSurelyEqualJson(source.bytes, start, end, target.bytes, kind.binary ? at + 1 : at, at + length)
    case 'uuid':
    case 'date':
    case 'time':
      return false
  }
}

const postgresEpochMs = 946_684_800_000

function sameBytes(source: Buffer, start: number, end: number, target: Buffer, at: number, length: number): boolean {
  if (end - start !== length) return false
  // The call into native code costs as much as some forty bytes compared here.
  if (length > 40) return source.compare(target, at, at + length, start, end) === 0
  for (let offset = 0; offset < length; offset++) if (source[start + offset] !== target[at + offset]) return false
  return true
}

function sameInteger(bytes: Buffer, start: number, end: number, target: DataView, at: number, length: number): boolean {
  return end - start <= 15
    ? readDigits(bytes, start, end) === readInt(target, at, length)
    : length === 8 && sameLongInteger(bytes, start, end, target, at)
}

/** Digits with an optional minus; the caller has made sure that they are a number below 2^53. */
function readDigits(bytes: Buffer, start: number, end: number): number {
  const isNegative = bytes[start] === 45
  let number = 0
  for (let at = isNegative ? start + 1 : start; at < end; at++) number = number * 10 + (bytes[at] ?? 0) - 48
  return isNegative ? -number : number
}

/**
 * Whether digits beyond what a double holds are this integer of 64 bits, without a BigInt. Their lower 32 bits are computed
 * exactly; where these agree the two differ by a multiple of 2^32, which doubles tell from zero.
 */
function sameLongInteger(bytes: Buffer, start: number, end: number, target: DataView, at: number): boolean {
  const isNegative = bytes[start] === 45
  const upper = readDigits(bytes, isNegative ? start + 1 : start, end - 9)
  const lower = readDigits(bytes, end - 9, end)
  const low = (Math.imul(upper >>> 0, 1_000_000_000) + lower) >>> 0
  const number = upper * 1_000_000_000 + lower
  if ((isNegative ? -low >>> 0 : low) !== target.getUint32(at + 4)) return false
  return Math.abs((isNegative ? -number : number) - target.getInt32(at) * 0x1_0000_0000 - target.getUint32(at + 4)) < 0x8000_0000
}

/** A signed integer of 2, 4 or 8 bytes; NaN beyond 2^53, where the caller must not decide. */
function readInt(bytes: DataView, at: number, length: number): number {
  if (length === 4) return bytes.getInt32(at)
  if (length === 2) return bytes.getInt16(at)
  const number = bytes.getInt32(at) * 0x1_0000_0000 + bytes.getUint32(at + 4)
  return Number.isSafeInteger(number) ? number : Number.NaN
}

/** Milliseconds of `YYYY-MM-DDTHH:MM:SS.mmm` with `+00:00` or `Z`, what Prisma writes; NaN for any other form. */
function readIsoInstant(bytes: Buffer, start: number, end: number): number {
  const length = end - start
  if (length === 29) {
    if (bytes[start + 23] !== 43 || bytes[start + 24] !== 48 || bytes[start + 25] !== 48) return Number.NaN
    if (bytes[start + 26] !== 58 || bytes[start + 27] !== 48 || bytes[start + 28] !== 48) return Number.NaN
  } else if (length !== 24 || bytes[start + 23] !== 90) return Number.NaN
  if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 10] !== 84) return Number.NaN
  if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58 || bytes[start + 19] !== 46) return Number.NaN
  const year = readField(bytes, start, 4)
  const month = readField(bytes, start + 5, 2)
  const day = readField(bytes, start + 8, 2)
  const hour = readField(bytes, start + 11, 2)
  const minute = readField(bytes, start + 14, 2)
  const second = readField(bytes, start + 17, 2)
  const fraction = readField(bytes, start + 20, 3)
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 28 + 3 * Number(month !== 2) && hour < 24 && minute < 60 && second < 60))
    return Number.NaN
  return daysSince1970(year, month, day) * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction
}

function readField(bytes: Buffer, start: number, digits: number): number {
  let number = 0
  for (let at = start; at < start + digits; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

/** Days of the proleptic Gregorian calendar, counted in years that begin in March so that leap days come last. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}
