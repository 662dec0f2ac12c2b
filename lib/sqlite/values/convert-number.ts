import { type Conversion, converted, refused } from './conversion'
import type { RawValue } from './raw-value'

type Present = Exclude<RawValue, null>

/**
 * A boolean as Prisma reads it: of numbers only 1 is true, of texts six spellings are known, of bytes any that is not 0.
 * An integer beyond 2^53 reaches Prisma as text and is unreadable.
 */
export function convertBoolean(raw: Present, cutsFractions: boolean): Conversion {
  if (typeof raw === 'bigint') {
    if (!Number.isSafeInteger(Number(raw))) return refused('BOOLEAN_UNKNOWN')
    return converted(raw === 1n ? 't' : 'f', raw === 0n || raw === 1n ? null : 'BOOLEAN_NOT_0_OR_1')
  }
  if (typeof raw === 'number') {
    const read = cutsFractions ? Math.trunc(raw) : raw
    return converted(read === 1 ? 't' : 'f', raw === 0 || raw === 1 ? null : 'BOOLEAN_NOT_0_OR_1')
  }
  if (typeof raw === 'string') {
    if (raw === 'true' || raw === 'TRUE' || raw === '1') return converted('t')
    if (raw === 'false' || raw === 'FALSE' || raw === '0') return converted('f')
    return refused('BOOLEAN_UNKNOWN')
  }
  return converted(raw.some((byte) => byte !== 0) ? 't' : 'f', 'BOOLEAN_NOT_0_OR_1')
}

/** An integer as Prisma reads it: reals lose their fraction, texts go through Number() (Int) or BigInt() (BigInt). */
export function convertInteger(raw: Present, bits: 16 | 32 | 64): Conversion {
  if (typeof raw === 'bigint') return withinBits(raw, bits, null)
  if (typeof raw === 'number') {
    if (!Number.isFinite(raw)) return refused('INT_OUT_OF_RANGE')
    const whole = Math.trunc(raw)
    return withinBits(BigInt(whole), bits, whole === raw ? null : 'INT_TRUNCATED')
  }
  if (typeof raw !== 'string') return refused('INT_UNREADABLE')
  const read = bits === 64 ? bigintOf(raw) : integerOf(raw)
  return read === null ? refused('INT_UNREADABLE') : withinBits(read, bits, 'INT_FROM_TEXT')
}

function withinBits(value: bigint, bits: 16 | 32 | 64, issue: 'INT_TRUNCATED' | 'INT_FROM_TEXT' | null): Conversion {
  return BigInt.asIntN(bits, value) === value ? converted(value.toString(), issue) : refused('INT_OUT_OF_RANGE')
}

function integerOf(text: string): bigint | null {
  const number = Math.trunc(Number(text))
  return Number.isFinite(number) ? BigInt(number) : null
}

function bigintOf(text: string): bigint | null {
  try {
    return BigInt(text)
  } catch {
    return null
  }
}

/** A float as Prisma reads it, in the shortest digits that give the same double back. */
export function convertFloat(raw: Present, bits: 32 | 64): Conversion {
  if (typeof raw === 'bigint') {
    const issue = BigInt(Number(raw)) === raw ? null : 'FLOAT_FROM_LARGE_INTEGER'
    return floatText(Number(raw), bits, issue)
  }
  if (typeof raw === 'number') return floatText(raw, bits, null)
  if (typeof raw !== 'string') return refused('FLOAT_UNREADABLE')
  const number = Number(raw)
  if (Number.isNaN(number) && !/^[-+]?nan$/.test(raw.toLowerCase())) return refused('FLOAT_UNREADABLE')
  return floatText(number, bits, 'FLOAT_FROM_TEXT')
}

function floatText(number: number, bits: 32 | 64, issue: 'FLOAT_FROM_LARGE_INTEGER' | 'FLOAT_FROM_TEXT' | null): Conversion {
  if (bits === 32 && readBackFromSingle(number) !== number && !Number.isNaN(number)) return refused('FLOAT_WOULD_ROUND')
  return converted(Object.is(number, -0) ? '-0' : String(number), issue)
}

/** The double that Prisma reads from a `real` column: the shortest decimal of the nearest single, parsed as a double. */
export function readBackFromSingle(number: number): number {
  const single = Math.fround(number)
  // Below the smallest normal single PostgreSQL refuses what it would round to zero.
  if (!Number.isFinite(single) || single === 0) return single
  for (let digits = 1; digits <= 9; digits += 1) {
    const candidate = Number(single.toPrecision(digits))
    if (Math.fround(candidate) === single) return candidate
  }
  return single
}

const decimalSyntax = /^([-+]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([-+]?\d+))?$/

/** What `numeric` without bounds can hold: digits before the point, and after it. */
const numericLimits = { whole: 131_072, fraction: 16_383 }

interface DecimalParts {
  readonly negative: boolean
  /** Without leading and trailing zeros; empty for zero. */
  readonly digits: string
  /** The number is 0.digits times ten to this power. */
  readonly exponent: number
}

function decimalParts(text: string): DecimalParts | null {
  const match = decimalSyntax.exec(text)
  if (match === null) return null
  const whole = match[2] ?? ''
  const all = `${whole}${match[3] ?? match[4] ?? ''}`
  const withoutLeading = all.replace(/^0+/, '')
  return {
    negative: match[1] === '-',
    digits: withoutLeading.replace(/0+$/, ''),
    exponent: whole.length - (all.length - withoutLeading.length) + Number(match[5] ?? '0'),
  }
}

/** A decimal: reals in their shortest round-trip digits, texts digit by digit; refused where the target would round. */
export function convertDecimal(raw: Present, precision: number | null, scale: number | null): Conversion {
  if (Buffer.isBuffer(raw)) return refused('DECIMAL_UNREADABLE')
  const text = String(raw)
  const parts = decimalParts(text)
  if (parts === null) return refused('DECIMAL_UNREADABLE')
  if (parts.digits === '') return converted('0')
  const maxWhole = precision === null ? numericLimits.whole : precision - (scale ?? 0)
  const maxFraction = scale ?? (precision === null ? numericLimits.fraction : 0)
  if (parts.exponent > maxWhole) return refused('DECIMAL_OUT_OF_RANGE')
  if (parts.digits.length - parts.exponent > maxFraction) return refused('DECIMAL_WOULD_ROUND')
  return converted(text)
}

/** One text for all spellings of a decimal number: 1.10, 1.1 and 11e-1. */
export function decimalKey(text: string): string {
  const parts = decimalParts(text)
  if (parts === null || parts.digits === '') return '0'
  return `${parts.negative ? '-' : ''}0.${parts.digits}e${parts.exponent}`
}
