import type { ColumnMapping } from '@/lib/core/table-mapping'
import { decimalKey } from './convert-number'
import { convertValue } from './convert-value'
import type { RawValue } from './raw-value'

/** How a column keeps instants: as the ISO text that Prisma writes by default, or as milliseconds since 1970. */
export type InstantForm = 'text' | 'number'

/** A value that SQLite is to hold, or why it cannot hold it as what it is. */
export type StoredValue =
  | { readonly status: 'stored'; readonly value: RawValue }
  | { readonly status: 'refused'; readonly reason: 'instant-out-of-range' | 'instant-too-fine' | 'not-a-number' }

/**
 * What SQLite is given for a value that PostgreSQL prints as `text`: as Prisma (@prisma/adapter-better-sqlite3 7.10,
 * `mapArg`) would have written it. The other direction of `convertValue`.
 *
 *   boolean → 0 or 1 · integer → 64 bits · float → the same double · decimal → a double where its digits are the same, else
 *   the digits as text, without zeros at their end · bytes → BLOB · JSON → compact text · instants → the form of the column · everything else → text
 *
 * An instant finer than a millisecond is a text of six digits, as other programs write it (Django, Rails); among milliseconds it is refused.
 */
export function storedValue(text: string, column: Pick<ColumnMapping, 'value'>, instants: InstantForm): StoredValue {
  const { value } = column
  switch (value.kind) {
    case 'boolean':
      return stored(text.startsWith('t') ? 1n : 0n)
    case 'integer':
      return stored(BigInt(text))
    case 'float': {
      const number = Number(text)
      // SQLite keeps a NaN as NULL.
      return Number.isNaN(number) ? { status: 'refused', reason: 'not-a-number' } : stored(number)
    }
    case 'decimal':
      return storedDecimal(text)
    case 'bytes':
      return stored(Buffer.from(text.slice(2), 'hex'))
    case 'json':
      return stored(compactJson(text))
    case 'timestamp':
    case 'date':
    case 'time':
      return storedInstant(text, value.kind, instants)
    case 'text':
    case 'enum':
    case 'uuid':
      return stored(text)
  }
}

/**
 * Whether a stored value means what PostgreSQL prints as `text`, so that it may stay as it is: bytes of a row that nobody
 * changed do not change either. False where that is not certain, which costs no more than the form of the value.
 */
export function isStoredAs(raw: RawValue, text: string | null, column: Pick<ColumnMapping, 'value' | 'sourceType'>): boolean {
  if (raw === null || text === null) return raw === null && text === null
  return storedMeaning(raw, column) === printedMeaning(text, column)
}

/** One text for all stored values that mean the same, as `printedMeaning` has it; null for NULL and what has no meaning. */
export function storedMeaning(raw: RawValue, column: Pick<ColumnMapping, 'value' | 'sourceType'>): string | null {
  if (raw === null) return null
  const converted = convertValue(raw, column, null)
  return converted.status === 'refused' ? null : printedMeaning(converted.text, column)
}

/** One text for all that PostgreSQL may print, or be given, for one value. */
export function printedMeaning(text: string, { value }: Pick<ColumnMapping, 'value'>): string {
  switch (value.kind) {
    case 'boolean':
      return text.charAt(0)
    case 'float':
      return Object.is(Number(text), -0) ? '-0' : String(Number(text))
    case 'decimal':
      return decimalKey(text)
    case 'json':
      return hasLongNumber(text) ? text : sortedJson(text)
    case 'timestamp':
    case 'time':
      return plainClock(text)
    default:
      return text
  }
}

function stored(value: RawValue): StoredValue {
  return { status: 'stored', value }
}

/**
 * NUMERIC affinity would turn most texts into a double anyway, and round what has more than 15 digits; but a whole number of 64
 * bits it keeps exactly, as long as no zeros of a fraction follow.
 */
function storedDecimal(text: string): StoredValue {
  const number = Number(text)
  if (Number.isNaN(number)) return { status: 'refused', reason: 'not-a-number' }
  return stored(Number.isFinite(number) && decimalKey(String(number)) === decimalKey(text) ? number : withoutTrailingZeros(text))
}

function withoutTrailingZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const instantPattern = /^(?:(\d{4})-(\d{2})-(\d{2}))?[ ]?(?:(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?)?(?:\+00)?$/

function storedInstant(text: string, kind: 'timestamp' | 'date' | 'time', form: InstantForm): StoredValue {
  const match = instantPattern.exec(text)
  // Infinity, BC and years of five digits: Prisma reads none of them.
  if (!match) return { status: 'refused', reason: 'instant-out-of-range' }
  const [, year, month, day, clock = '00:00:00', fraction = ''] = match
  const isFine = /[1-9]/.test(fraction.slice(3))
  const date = kind === 'time' ? '1970-01-01' : `${year}-${month}-${day}`
  if (form === 'text') return stored(`${date}T${clock}.${fraction.padEnd(isFine ? 6 : 3, '0')}+00:00`)
  if (isFine) return { status: 'refused', reason: 'instant-too-fine' }
  return stored(BigInt(Date.parse(`${date}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}Z`)))
}

/** Without trailing zeros of the fraction and without the offset, which our sessions have at +00. */
function plainClock(text: string): string {
  const bare = text.endsWith('+00') ? text.slice(0, -3) : text
  return withoutTrailingZeros(bare)
}

/** As JSON.stringify prints it, without reading numbers: none loses a digit. */
function compactJson(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string: string | undefined) => string ?? '')
}

/** Digits that JSON.parse could drop, and two numbers then seem one. */
function hasLongNumber(text: string): boolean {
  return /\d{16}|[eE][+-]?\d{3}/.test(text)
}

function sortedJson(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
