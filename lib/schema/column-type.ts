import type { SqliteColumn } from '@/lib/core/catalogue'

/** What the values of one column are, found by one read of its table. */
export interface ColumnProfile {
  readonly integers: number
  readonly reals: number
  readonly texts: number
  readonly blobs: number
  /** Of the integers, and of a default that is one; null without any. */
  readonly smallest: bigint | null
  readonly largest: bigint | null
  /** Characters of the longest text. */
  readonly longestText: number
  /** Texts of the form YYYY-MM-DD. */
  readonly dates: number
  /** Texts of the form HH:MM:SS. */
  readonly times: number
  /** Texts that end in a time with more digits than milliseconds have. */
  readonly fine: number
  /** Reals with a fraction that would be an instant of the 1970s in milliseconds: seconds, of whatever beginning. */
  readonly seconds: number
  /** The values for which the declared type was not taken; null where it was, or where there is none. */
  readonly strangers: Strangers | null
  /** Whether the column is declared to hold bytes. */
  readonly isDeclaredBytes: boolean
}

/** Some rows of a column that are not of its declared type. */
export interface Strangers {
  readonly count: number
  /** Keys of the first ten. */
  readonly keys: readonly Readonly<Record<string, string>>[]
  /** Of the first. */
  readonly shape: string
}

export interface ChosenType {
  /** PostgreSQL type, ready for CREATE TABLE. */
  readonly type: string
  /** Why the declared type was not taken; null when it was. */
  readonly widened: { readonly why: string; readonly by: Misfit } | null
}

/** Which values do not fit: those of these storage classes, the texts beyond a length, or numbers but 0 and 1. */
export type Misfit =
  | { readonly kind: 'classes'; readonly classes: readonly ('integer' | 'real' | 'text' | 'blob')[] }
  | { readonly kind: 'longer'; readonly characters: number }
  /** Numbers that are neither true nor false. */
  | { readonly kind: 'beyond-boolean' }

type Counts = Omit<ColumnProfile, 'strangers' | 'isDeclaredBytes'>

/** Of a column without a value. */
export const emptyProfile: ColumnProfile = {
  integers: 0,
  reals: 0,
  texts: 0,
  blobs: 0,
  smallest: null,
  largest: null,
  longestText: 0,
  dates: 0,
  times: 0,
  fine: 0,
  seconds: 0,
  strangers: null,
  isDeclaredBytes: false,
}

const int32 = { smallest: -2147483648n, largest: 2147483647n }

/**
 * The PostgreSQL type for a column of a database without a model: the one its declaration asks for, if every value
 * fits, otherwise the narrowest that holds them all. SQLite enforces no declared type, so the values have to be looked at.
 */
export function chooseType(column: Pick<SqliteColumn, 'declaredType'>, profile: Counts): ChosenType {
  const declared = declaredType(column.declaredType, profile)
  if (declared === null) return { type: typeOfValues(profile), widened: null }
  const problem = misfit(declared, profile)
  return problem === null ? { type: declared, widened: null } : { type: widerType(declared, profile), widened: problem }
}

/** A code of the value check that blocks, and how many values of the column have it. */
export interface Refusal {
  readonly code: string
  readonly count: number
}

const jsonbCodes = new Set(['JSON_NUL', 'JSON_LONE_SURROGATE', 'JSON_NUMBER_TOO_LARGE'])

/**
 * The wider type for a column whose values the check refused, when no value of it loses what it means: a `date` among
 * texts stays a text, but milliseconds among them would become digits, and true and false 1 and 0. null where there is
 * none, or where other values show that the declared type was meant: then the rows are named instead.
 */
export function widerTypeFor(type: string, refusals: readonly Refusal[], profile: ColumnProfile): string | null {
  const { integers, reals, texts, blobs } = profile
  const refused = refusals.reduce((sum, { count }) => sum + count, 0)
  const isAll = (...codes: readonly string[]) => refusals.every(({ code }) => codes.includes(code))
  const isTextOnly = integers + reals + blobs === 0
  if (type === 'text') {
    // Bytes alone that are no texts; or texts that are none, in a column that was declared to hold bytes: they arrive as they are.
    const isBytes = (blobs > 0 && texts + integers + reals === 0) || (isTextOnly && profile.isDeclaredBytes)
    return isBytes && isAll('INVALID_UTF8', 'NUL_IN_TEXT') ? 'bytea' : null
  }
  if (/^(varchar|char)/.test(type)) return isAll('TEXT_TOO_LONG', 'TEXT_WOULD_BE_PADDED') ? 'text' : null
  if (/^numeric\(/.test(type) && isAll('DECIMAL_WOULD_ROUND', 'DECIMAL_OUT_OF_RANGE')) return 'numeric'
  if (type === 'numeric' && texts + blobs === 0) return integers === 0 ? 'double precision' : null
  if (type === 'jsonb' && refusals.every(({ code }) => jsonbCodes.has(code))) return 'json'
  if (/^jsonb?$|^uuid$/.test(type)) return blobs === 0 ? 'text' : null
  // Numbers most of which are no instants in milliseconds count something else, such as the ticks of .NET.
  if (/^(timestamp|date)/.test(type) && integers > 0 && texts + reals + blobs === 0) return refused > integers / 2 ? 'bigint' : null
  if (/^(timestamp|date|time|boolean)/.test(type)) return isTextOnly && refused >= texts ? 'text' : null
  return null
}

/** Whether a declaration asks for bytes, whatever the values are. */
export function isDeclaredBytes({ declaredType: declaration }: Pick<SqliteColumn, 'declaredType'>): boolean {
  return declaredType(declaration, emptyProfile) === 'bytea'
}

/** The type that a declaration asks for, or null when it says nothing about one (ANY, none, unknown words). */
function declaredType(declaration: string, profile: Counts): string | null {
  const words = declaration
    .replace(/\([^)]*\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const [, first, second] = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(declaration) ?? []
  // What Prisma writes and reads, unless another program has written microseconds.
  const digits = profile.fine > 0 ? 6 : 3
  if (/^(BIGINT|INT8|UNSIGNED BIG INT|BIGSERIAL)$/.test(words)) return 'bigint'
  if (/^(BOOL|BOOLEAN)$/.test(words)) return 'boolean'
  if (/^(DECIMAL|NUMERIC|MONEY|DEC|NUMBER)$/.test(words)) return numericType(first, second)
  if (/^(DATETIME|TIMESTAMP|SMALLDATETIME|TIMESTAMP WITHOUT TIME ZONE)/.test(words)) return `timestamp(${digits})`
  if (/^(TIMESTAMPTZ|TIMESTAMP WITH TIME ZONE|DATETIMEOFFSET)$/.test(words)) return `timestamptz(${digits})`
  if (words === 'DATE')
    return profile.texts > 0 && profile.dates === profile.texts && profile.integers + profile.reals === 0 ? 'date' : `timestamp(${digits})`
  if (words === 'TIME') return 'time(3)'
  if (/^JSONB?$/.test(words)) return 'jsonb'
  if (/^(UUID|GUID|UNIQUEIDENTIFIER)$/.test(words)) return 'uuid'
  if (/^(BYTEA|BINARY|VARBINARY|IMAGE)$/.test(words)) return 'bytea'
  if (words === 'STRING') return 'text'
  if (/^(SMALL)?SERIAL$/.test(words)) return fitsInt32(profile) ? 'integer' : 'bigint'
  // From here on SQLite's own rules of affinity, in their order: https://sqlite.org/datatype3.html#determination_of_column_affinity
  if (words.includes('INT')) return fitsInt32(profile) ? 'integer' : 'bigint'
  if (/CHAR|CLOB|TEXT/.test(words))
    return first !== undefined && words.includes('CHAR') && Number(first) > 0 && Number(first) <= 10485760 ? `varchar(${first})` : 'text'
  if (words.includes('BLOB')) return 'bytea'
  if (/REAL|FLOA|DOUB/.test(words)) return 'double precision'
  return null
}

function numericType(precision: string | undefined, scale: string | undefined): string {
  if (precision === undefined || Number(precision) < 1 || Number(precision) > 1000 || Number(scale ?? 0) > Number(precision))
    return 'numeric'
  return `numeric(${precision},${scale ?? 0})`
}

/** Why the values do not fit, as far as their storage classes and lengths tell; values themselves are checked later. */
function misfit(type: string, profile: Counts): ChosenType['widened'] {
  const { integers, reals, texts, blobs, longestText } = profile
  const limit = /^varchar\((\d+)\)$/.exec(type)?.[1]
  if (limit !== undefined && longestText > Number(limit))
    return { why: `texts of up to ${longestText} characters`, by: { kind: 'longer', characters: Number(limit) } }
  if (type === 'bytea') {
    const isMeant = blobs > 0 || texts + integers + reals === 0
    return isMeant ? null : misfitOf('texts or numbers, no binary values', 'text', 'integer', 'real')
  }
  // BLOBs in a text column are texts, and in a JSON column JSON, until the check of the values says otherwise.
  if (blobs > 0 && !/^(text|varchar|char|jsonb?)/.test(type))
    return texts + integers + reals === 0 ? misfitOf('binary values alone', 'blob') : null
  // As true or false they would lose what they say; Prisma alone takes all but 1 for false, and here nobody speaks for it.
  if (type === 'boolean' && texts === 0 && (reals > 0 || (profile.smallest ?? 0n) < 0n || (profile.largest ?? 1n) > 1n)) {
    return { why: 'numbers other than 0 and 1', by: { kind: 'beyond-boolean' } }
  }
  // As milliseconds they would lose what they say; a person may know what they count from.
  if (/^(timestamp|date)/.test(type) && texts === 0 && profile.seconds > 0) return misfitOf('numbers with a fraction', 'real')
  if (type === 'time(3)') {
    if (texts > profile.times) return misfitOf('texts that are not a time of the form HH:MM:SS', 'text')
    return integers + reals > 0 ? misfitOf('numbers', 'integer', 'real') : null
  }
  if (/^(integer|bigint)$/.test(type)) {
    if (texts > 0) return misfitOf('texts', 'text')
    if (reals > 0) return misfitOf('numbers with a fraction', 'real')
  }
  if (/^(double precision|numeric)/.test(type) && texts > 0) return misfitOf('texts', 'text')
  if (type === 'double precision' && integers > 0 && !fitsDouble(profile)) return misfitOf('integers beyond 53 bits', 'integer')
  return null
}

function misfitOf(why: string, ...classes: readonly ('integer' | 'real' | 'text' | 'blob')[]): NonNullable<ChosenType['widened']> {
  return { why, by: { kind: 'classes', classes } }
}

function widerType(type: string, profile: Counts): string {
  if (profile.blobs > 0) return /^varchar/.test(type) ? 'text' : 'bytea'
  if (profile.texts > 0) return 'text'
  if (type === 'double precision') return 'numeric'
  return typeOfValues(profile)
}

function typeOfValues(profile: Counts): string {
  const { integers, reals, texts, blobs } = profile
  if (blobs > 0) return 'bytea'
  if (texts > 0) return 'text'
  if (reals > 0) return fitsDouble(profile) ? 'double precision' : 'numeric'
  if (integers > 0) return fitsInt32(profile) ? 'integer' : 'bigint'
  return 'text'
}

function fitsInt32(profile: Counts): boolean {
  return (profile.smallest ?? 0n) >= int32.smallest && (profile.largest ?? 0n) <= int32.largest
}

function fitsDouble(profile: Counts): boolean {
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  return (profile.smallest ?? 0n) >= -limit && (profile.largest ?? 0n) <= limit
}
