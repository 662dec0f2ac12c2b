import { type Conversion, converted, refused } from './conversion'
import type { RawValue } from './raw-value'
import type { ValueCode } from './value-codes'

type Present = Exclude<RawValue, null>

export type DateTarget =
  | { readonly kind: 'timestamp'; readonly precision: number; readonly withTimeZone: boolean }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly precision: number }

/** Years 1 to 9999: beyond them PostgreSQL prints a form ("BC", five digits) that Prisma cannot read back. */
export const firstInstantMs = -62_135_596_800_000
export const lastInstantMs = 253_402_300_799_999

/** Numbers nearer to 1970 than this are looked at for other units: 1e11 ms is March 1973, 1e11 s is the year 5138. */
export const suspiciousBelowMs = 100_000_000_000

/**
 * A date as Prisma reads it, and to the microsecond where the column holds six digits, with the three remarks that a number may deserve. Julian days as reals are refused: an
 * instant in milliseconds with a fraction, forty minutes after 1970 began, has never been seen to be meant.
 */
export function convertDate(raw: Present, target: DateTarget): Conversion {
  if (Buffer.isBuffer(raw)) return refused('DATE_UNPARSABLE')
  if (typeof raw === 'string') {
    const instant = new Date(normalizeDateTime(raw)).getTime()
    if (Number.isNaN(instant)) return otherSpelling(raw, target)
    const finer = finerDigits(raw, target)
    return instantText(instant, target, finer.areDropped ? 'DATE_DIGITS_DROPPED' : null, finer.kept)
  }
  const number = Number(raw)
  if (typeof raw === 'number' && isJulianDay(number)) return refused('DATE_JULIAN_DAY')
  // new Date() cuts the fraction off a real, as the adapter does.
  return instantText(new Date(number).getTime(), target, unitRemark(number) ?? (Number.isInteger(number) ? null : 'DATE_DIGITS_DROPPED'))
}

/**
 * "1900-01-01 00:00:00 +00:00" and "2024-03-01 10:00": SQLite itself reads a time without seconds, and earlier Prisma engines
 * a space before the offset; Prisma 7 reads neither. The instant is beyond doubt, so it arrives, and the page says so.
 */
function otherSpelling(text: string, target: DateTarget): Conversion {
  const match = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?( *)(Z|UTC|[-+]\d{2}(?::?\d{2})?)?$/.exec(text)
  const [, minutes, seconds, space, zone] = match ?? []
  if (minutes === undefined || (seconds !== undefined && (space === '' || zone === undefined))) return refused('DATE_UNPARSABLE')
  const joined = `${minutes}${seconds ?? ':00'}${zone === 'UTC' ? 'Z' : (zone ?? '')}`
  const remark = seconds === undefined ? 'DATE_WITHOUT_SECONDS' : 'DATE_SPACED_OFFSET'
  return instantText(new Date(normalizeDateTime(joined)).getTime(), target, remark, finerDigits(text, target).kept)
}

/**
 * Digits of a second that JavaScript cuts off: the fourth to sixth are kept where the column holds six, which it does in no model of
 * Prisma for SQLite. Other programs read them.
 */
function finerDigits(text: string, target: DateTarget): { readonly kept: string; readonly areDropped: boolean } {
  const digits = /\.\d{3}(\d+)/.exec(text)?.[1] ?? ''
  const kept = target.kind === 'timestamp' && target.precision === 6 ? digits.slice(0, 3) : ''
  return { kept: /[1-9]/.test(kept) ? kept : '', areDropped: /[1-9]/.test(digits.slice(kept.length)) }
}

function unitRemark(number: number): ValueCode | null {
  if (number >= 1000 && number <= 9999) return 'DATE_LOOKS_LIKE_YEAR'
  if (isJulianDay(number)) return 'DATE_LOOKS_LIKE_JULIAN_DAY'
  const size = Math.abs(number)
  return size >= 100_000_000 && size < suspiciousBelowMs ? 'DATE_LOOKS_LIKE_SECONDS' : null
}

/** Julian days of the years 1 to 9999. */
function isJulianDay(number: number): boolean {
  return number >= 1_721_425 && number < 5_373_485
}

function instantText(instant: number, target: DateTarget, issue: ValueCode | null, finer = ''): Conversion {
  if (Number.isNaN(instant)) return refused('DATE_UNPARSABLE')
  if (instant < firstInstantMs || instant > lastInstantMs) return refused('DATE_OUT_OF_RANGE')
  const iso = new Date(instant).toISOString()
  const date = iso.slice(0, 10)
  const time = iso.slice(11, 23)
  switch (target.kind) {
    case 'timestamp':
      if (losesFraction(instant, target.precision)) return refused('DATE_WOULD_ROUND')
      return converted(`${date} ${time}${finer}${target.withTimeZone ? '+00' : ''}`, issue)
    case 'date':
      return time === '00:00:00.000' ? converted(date, issue) : refused('DATE_WOULD_ROUND')
    case 'time':
      if (date !== '1970-01-01' || losesFraction(instant, target.precision)) return refused('DATE_WOULD_ROUND')
      return converted(time, issue)
  }
}

function losesFraction(instant: number, precision: number): boolean {
  return precision < 3 && instant % 10 ** (3 - precision) !== 0
}

const timePattern = /\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)?$/

/**
 * The text that Prisma gives to `new Date()`: `normalizeDateTime` of @prisma/client-engine-runtime 7.10, kept to the
 * letter, because what it accepts is what the app reads today. tests/fidelity compares it with the generated client.
 */
export function normalizeDateTime(text: string): string {
  const match = timePattern.exec(text)
  if (match === null) return `${text}T00:00:00Z`
  const [time, zone, zoneMinutes] = match
  let normalized = text
  if (zone !== undefined && zone !== 'Z' && zoneMinutes === undefined) normalized = `${text}:00`
  else if (zone === undefined) normalized = `${text}Z`
  if (time.length === text.length) return `1970-01-01T${normalized}`
  const separator = match.index - 1
  if (normalized[separator] === ' ') return `${normalized.slice(0, separator)}T${normalized.slice(separator + 1)}`
  return normalized
}
