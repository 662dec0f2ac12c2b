import type { ValueKind } from '@/lib/core/table-mapping'
import { printClock, printDate, printTimestamp, readDateNumber, readDateText, readMicroseconds } from './canonical-date'
import { canonicalDecimal } from './canonical-decimal'
import { canonicalJson } from './canonical-json'
import { readJsonb } from './read-jsonb'
import { doubleBits, readDouble, type SourceRow, storage } from './source-row'
import type { TargetRow } from './target-rows'

/**
 * A value as text such that equal values have equal texts: null is NULL. `unreadable` is a value that Prisma cannot
 * read as what the column is; it equals nothing, not even itself.
 */
export type Canonical = string | null | typeof unreadable
export const unreadable = Symbol('unreadable')

/** A stored value of the source: bigint for INTEGER, number for REAL, text, bytes, null. */
export type SourceValue = bigint | number | string | Buffer | null

/** The field of a scanned row of the source. Text that is not UTF-8 is read as Prisma reads it, with U+FFFD. */
export function sourceValue(row: SourceRow, column: number): SourceValue {
  const start = row.starts[column] ?? 0
  const end = row.ends[column] ?? 0
  switch (row.classes[column]) {
    case storage.integer:
      return BigInt(row.bytes.toString('latin1', start, end))
    case storage.real:
      return readDouble(row.bytes, start, end)
    case storage.text:
      return row.bytes.toString('utf8', start, end)
    case storage.blob:
      return row.bytes.subarray(start, end)
    default:
      return null
  }
}

/** What a stored value means in a column of this kind, as Prisma reads it today (HAZARDS, @prisma/client 7.10's data mapper). */
export function canonicalSource(value: SourceValue, kind: ValueKind): Canonical {
  if (value === null) return null
  switch (kind.kind) {
    case 'boolean':
      return readBoolean(value, kind.cutsFractions ?? false)
    case 'integer':
      return readInteger(value, kind.bits)
    case 'float': {
      const number = readNumber(value)
      return number === null ? unreadable : doubleBits(number)
    }
    case 'decimal':
      return orUnreadable(Buffer.isBuffer(value) ? null : canonicalDecimal(String(value)))
    case 'text':
      return kind.padded ? textOf(value).replace(/ +$/, '') : textOf(value)
    case 'enum':
      return textOf(value)
    case 'uuid':
      return canonicalUuid(textOf(value))
    case 'bytes':
      return Buffer.isBuffer(value)
        ? value.toString('latin1')
        : typeof value === 'string'
          ? Buffer.from(value).toString('latin1')
          : unreadable
    case 'json':
      return orUnreadable(canonicalJson(textOf(value)) ?? canonicalBinaryJson(value))
    case 'timestamp': {
      const instant = mapDate(value, printTimestamp)
      // In six digits other programs read what Prisma does not.
      const finer = kind.precision === 6 && typeof value === 'string' ? readMicroseconds(value) : 0
      return finer === 0 || typeof instant !== 'string' ? instant : withMicroseconds(instant, finer)
    }
    case 'date':
      return mapDate(value, printDate)
    case 'time':
      return mapDate(value, printClock)
  }
}

/** A field of the target, from its binary form, in the same texts. */
export function canonicalTarget(row: TargetRow, column: number, kind: ValueKind): Canonical {
  const start = row.starts[column] ?? 0
  const length = row.lengths[column] ?? -1
  if (length < 0) return null
  const { bytes } = row
  const end = start + length
  switch (kind.kind) {
    case 'boolean':
      return bytes[start] === 1 ? 'true' : 'false'
    case 'integer':
      return length === 8 ? String(bytes.readBigInt64BE(start)) : String(bytes.readIntBE(start, length))
    case 'float':
      return kind.bits === 32 ? doubleBits(Number(bytes.toString('latin1', start, end))) : bytes.toString('hex', start, end)
    case 'decimal': {
      const text = bytes.toString('latin1', start, end)
      return canonicalDecimal(text) ?? text
    }
    case 'text':
    case 'enum':
      return bytes.toString('utf8', start, end)
    case 'uuid':
      return bytes.toString('hex', start, end)
    case 'bytes':
      return bytes.toString('latin1', start, end)
    case 'json':
      return orUnreadable(canonicalJson(bytes.toString('utf8', kind.binary ? start + 1 : start, end)))
    case 'timestamp':
      return printMicroseconds(bytes.readBigInt64BE(start), printTimestamp)
    case 'date':
      return printMicroseconds(BigInt(bytes.readInt32BE(start)) * 86_400_000_000n, printDate)
    case 'time':
      return printMicroseconds(bytes.readBigInt64BE(start), printClock)
  }
}

const truths: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['TRUE', 'true'],
  ['1', 'true'],
  ['false', 'false'],
  ['FALSE', 'false'],
  ['0', 'false'],
])

function readBoolean(value: NonNullable<SourceValue>, cutsFractions: boolean): Canonical {
  if (typeof value === 'number') return (cutsFractions ? Math.trunc(value) : value) === 1 ? 'true' : 'false'
  if (typeof value === 'bigint') return value === 1n ? 'true' : 'false'
  if (typeof value === 'string') return truths.get(value) ?? unreadable
  return value.some((byte) => byte !== 0) ? 'true' : 'false'
}

/** Fractions are cut, as Prisma cuts them; a text is read by Number(), one of 64 bits by BigInt(), to which an empty or blank one is 0. */
function readInteger(value: NonNullable<SourceValue>, bits: 16 | 32 | 64): Canonical {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string' && bits === 64) return readBigInt(value)
  const number = readNumber(value)
  return number === null || !Number.isFinite(number) ? unreadable : String(BigInt(Math.trunc(number)))
}

function readBigInt(text: string): Canonical {
  try {
    return String(BigInt(text))
  } catch {
    return unreadable
  }
}

/** NaN only for a text that spells it. */
function readNumber(value: NonNullable<SourceValue>): number | null {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value)
  if (typeof value !== 'string') return null
  const number = Number(value)
  return Number.isNaN(number) && !/^[-+]?nan$/i.test(value) ? null : number
}

function mapDate(value: NonNullable<SourceValue>, print: (date: Date) => string): Canonical {
  if (Buffer.isBuffer(value)) return unreadable
  const date = typeof value === 'string' ? readDateText(value) : readDateNumber(Number(value))
  return date === null ? unreadable : print(date)
}

/** 2000-01-01 in milliseconds: PostgreSQL counts from there. */
const postgresEpochMs = 946_684_800_000

function printMicroseconds(microseconds: bigint, print: (date: Date) => string): Canonical {
  // The two ends of the 64 bits stand for infinity and -infinity, which no Date equals.
  const milliseconds = microseconds >= 0n ? microseconds / 1000n : (microseconds - 999n) / 1000n
  const date = readDateNumber(Number(milliseconds) + postgresEpochMs)
  if (date === null) return `beyond every date: ${microseconds}`
  const finer = microseconds - milliseconds * 1000n
  return finer === 0n ? print(date) : withMicroseconds(print(date), Number(finer))
}

function withMicroseconds(instant: string, finer: number): string {
  return `${instant} and ${finer} microseconds`
}

/** A BLOB that is no JSON text may be SQLite's JSONB. */
function canonicalBinaryJson(value: NonNullable<SourceValue>): string | null {
  const text = Buffer.isBuffer(value) ? readJsonb(value) : null
  return text === null ? null : canonicalJson(text)
}

function canonicalUuid(text: string): string {
  const digits = text.toLowerCase().replace(/[{}-]/g, '')
  return /^[0-9a-f]{32}$/.test(digits) ? digits : `not a UUID: ${text}`
}

function textOf(value: NonNullable<SourceValue>): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}

function orUnreadable(text: string | null): Canonical {
  return text ?? unreadable
}
