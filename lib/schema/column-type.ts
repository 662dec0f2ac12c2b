import type { SqliteColumn } from '@/lib/core/catalogue'

/** What the values of one column are, found by one read of its table. */
export interface ColumnProfile {
  readonly integers: number
  readonly reals: number
  readonly texts: number
  readonly blobs: number
  /** Of the integers; null without any. */
  readonly smallest: bigint | null
  readonly largest: bigint | null
  /** Characters of the longest text. */
  readonly longestText: number
  /** Texts of the form YYYY-MM-DD. */
  readonly dates: number
  /** Texts of the form HH:MM or HH:MM:SS. */
  readonly times: number
}

export interface ChosenType {
  /** PostgreSQL type, ready for CREATE TABLE. */
  readonly type: string
  /** Why the declared type was not taken; null when it was. */
  readonly widened: string | null
}

const int32 = { smallest: -2147483648n, largest: 2147483647n }

/**
 * The PostgreSQL type for a column of a database without a model: the one its declaration asks for, if every value
 * fits, otherwise the narrowest that holds them all. SQLite enforces no declared type, so the values have to be looked at.
 */
export function chooseType(column: Pick<SqliteColumn, 'declaredType'>, profile: ColumnProfile): ChosenType {
  const declared = declaredType(column.declaredType, profile)
  if (declared === null) return { type: typeOfValues(profile), widened: null }
  const problem = misfit(declared, profile)
  return problem === null ? { type: declared, widened: null } : { type: widerType(declared, profile), widened: problem }
}

/** What holds anything that the column has: for when a value check refused the chosen type. */
export function widestType(profile: ColumnProfile): string {
  return profile.blobs > 0 ? 'bytea' : 'text'
}

/** The type that a declaration asks for, or null when it says nothing about one (ANY, none, unknown words). */
function declaredType(declaration: string, profile: ColumnProfile): string | null {
  const words = declaration
    .replace(/\([^)]*\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const [, first, second] = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(declaration) ?? []
  if (/^(BIGINT|INT8|UNSIGNED BIG INT|BIGSERIAL)$/.test(words)) return 'bigint'
  if (/^(BOOL|BOOLEAN)$/.test(words)) return 'boolean'
  if (/^(DECIMAL|NUMERIC|MONEY|DEC|NUMBER)$/.test(words)) return numericType(first, second)
  if (/^(DATETIME|TIMESTAMP|SMALLDATETIME|TIMESTAMP WITHOUT TIME ZONE)/.test(words)) return 'timestamp(3)'
  if (/^(TIMESTAMPTZ|TIMESTAMP WITH TIME ZONE|DATETIMEOFFSET)$/.test(words)) return 'timestamptz(3)'
  if (words === 'DATE')
    return profile.texts > 0 && profile.dates === profile.texts && profile.integers + profile.reals === 0 ? 'date' : 'timestamp(3)'
  if (words === 'TIME') return profile.times === profile.texts && profile.integers + profile.reals === 0 ? 'time(3)' : 'text'
  if (/^JSONB?$/.test(words)) return 'jsonb'
  if (/^(UUID|GUID|UNIQUEIDENTIFIER)$/.test(words)) return 'uuid'
  if (/^(BYTEA|BINARY|VARBINARY|IMAGE)$/.test(words)) return 'bytea'
  if (words === 'STRING') return 'text'
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
function misfit(type: string, profile: ColumnProfile): string | null {
  const { integers, reals, texts, blobs, longestText } = profile
  const limit = /^varchar\((\d+)\)$/.exec(type)?.[1]
  if (limit !== undefined && longestText > Number(limit)) return `texts of up to ${longestText} characters`
  if (blobs > 0 && type !== 'bytea') return 'binary values'
  if (/^(integer|bigint)$/.test(type)) {
    if (texts > 0) return 'texts'
    if (reals > 0) return 'numbers with a fraction'
  }
  if (/^(double precision|numeric)/.test(type) && texts > 0) return 'texts'
  if (type === 'double precision' && integers > 0 && !fitsDouble(profile)) return 'integers beyond 53 bits'
  if (type === 'bytea' && texts + integers + reals > 0 && blobs === 0) return 'texts or numbers, no binary values'
  return null
}

function widerType(type: string, profile: ColumnProfile): string {
  if (profile.blobs > 0) return 'bytea'
  if (profile.texts > 0) return 'text'
  if (type === 'double precision') return 'numeric'
  return typeOfValues(profile)
}

function typeOfValues(profile: ColumnProfile): string {
  const { integers, reals, texts, blobs } = profile
  if (blobs > 0) return 'bytea'
  if (texts > 0) return 'text'
  if (reals > 0) return fitsDouble(profile) ? 'double precision' : 'numeric'
  if (integers > 0) return fitsInt32(profile) ? 'integer' : 'bigint'
  return 'text'
}

function fitsInt32(profile: ColumnProfile): boolean {
  return (profile.smallest ?? 0n) >= int32.smallest && (profile.largest ?? 0n) <= int32.largest
}

function fitsDouble(profile: ColumnProfile): boolean {
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  return (profile.smallest ?? 0n) >= -limit && (profile.largest ?? 0n) <= limit
}
