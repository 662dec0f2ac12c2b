import type { ColumnMapping, ValueKind } from '@/lib/core/table-mapping'
import { lastInstantMs, suspiciousBelowMs } from './convert-date'
import { copyFunctions } from './copy-functions'
import { columnReference, concatAll, quoteText } from './sql-text'

export type DecodesText = boolean | 'whole'
type Branches = Partial<Record<'integer' | 'real' | 'text' | 'blob', string>>

/** Largest finite double, as SQLite writes it. */
const largestDouble = '1.7976931348623157e308'

/**
 * A SQL expression that is 1 for a value that needs a closer look and 0 for one that certainly arrives as Prisma reads
 * it. It may be 1 too often, never 0 wrongly; convertValue then decides. null where no value of the column can need it.
 * `decodesText` false leaves out the test for NUL and invalid UTF-8, which textOfRow makes for many rows at once; true leaves
 * out texts that are best looked at in pieces, 'whole' none.
 */
export function suspectExpression(column: ColumnMapping, isRowid: boolean, isRequired: boolean, decodesText: DecodesText): string | null {
  const { value } = column
  if (isRowid && value.kind === 'integer' && value.bits === 64) return null
  const reference = columnReference(column.name)
  const branches = cleanBranches(value, reference, decodesText)
  // A CASE, because AND and OR stop at the first answer only where SQLite jumps; as plain values both sides are computed.
  const whens = Object.entries(branches).map(([storageClass, clean]) => `WHEN '${storageClass}' THEN CASE WHEN ${clean} THEN 0 ELSE 1 END`)
  return `CASE typeof(${reference}) ${whens.join(' ')} WHEN 'null' THEN ${isRequired ? 1 : 0} ELSE 1 END`
}

/** For each storage class that may be fine, the condition under which it is; other classes are always suspect. */
function cleanBranches(kind: ValueKind, value: string, decodesText: DecodesText): Branches {
  switch (kind.kind) {
    case 'integer':
      return kind.bits === 64
        ? { integer: '1' }
        : { integer: `${value} BETWEEN ${-(2 ** (kind.bits - 1))} AND ${2 ** (kind.bits - 1) - 1}` }
    case 'boolean':
      return { integer: `${value}=0 OR ${value}=1` }
    case 'float':
      return kind.bits === 64 ? { real: '1', integer: `${value} BETWEEN ${-(2 ** 53)} AND ${2 ** 53}` } : {}
    case 'decimal':
      return decimalBranches(kind.precision, kind.scale, value)
    case 'timestamp':
      return kind.precision < 3 ? {} : { text: isoIsClean(value), integer: `${value} BETWEEN ${suspiciousBelowMs} AND ${lastInstantMs}` }
    case 'date':
    case 'time':
      return {}
    case 'text':
      return { text: textIsClean(value, kind.maxLength, kind.padded, decodesText) }
    case 'enum':
      return {
        text: `${value} COLLATE BINARY IN (${kind.labels
          .filter((label) => !label.includes('\0'))
          .map(quoteText)
          .join(',')})`,
      }
    case 'uuid':
      return { text: uuidIsClean(value) }
    case 'bytes':
      return { blob: '1' }
    case 'json':
      return { integer: '1', real: `abs(${value})<=${largestDouble}`, text: jsonIsClean(value, kind.binary, decodesText) }
  }
}

/**
 * A double has at most 17 significant digits, so with a scale beyond 17 its magnitude alone says that none is lost;
 * smaller scales are decided digit by digit.
 */
function decimalBranches(precision: number | null, scale: number | null, value: string): Branches {
  if (precision === null) return { integer: '1', real: `abs(${value})<=${largestDouble}` }
  const places = scale ?? 0
  const whole = precision - places
  const real = `${copyFunctions.decimalIsClean}(${value},${precision},${places})`
  const integer =
    whole >= 19 ? '1' : `${value} BETWEEN ${-(10n ** BigInt(Math.max(0, whole)) - 1n)} AND ${10n ** BigInt(Math.max(0, whole)) - 1n}`
  if (places <= 17 || whole < 1) return { integer, real }
  const least = `1e-${places - 17}`
  const most = `1e${Math.min(whole - 1, 307)}`
  return { integer, real: `${value} BETWEEN ${least} AND ${most} OR ${value} BETWEEN -${most} AND -${least} OR ${real}` }
}

/** Texts longer than this are looked at one by one, so that the text of many rows stays within memory. */
export const longTextBytes = 16 * 1024

/** Texts longer than this are read in pieces: as a whole one would exist in SQLite and in JavaScript at once. */
export const pieceTextBytes = 1_000_000

function textIsClean(value: string, maxLength: number | null, padded: boolean, decodesText: DecodesText): string {
  const isShort = (most: number) => `octet_length(${value})<=${most}`
  // A CASE: where the length says enough the text is not handed over.
  const valid = {
    false: isShort(longTextBytes),
    true: `CASE WHEN ${isShort(pieceTextBytes)} THEN ${decodedIsClean(value)} ELSE 0 END`,
    whole: decodedIsClean(value),
  }[`${decodesText}`]
  return maxLength === null ? valid : `length(${value})${padded ? '=' : '<='}${maxLength} AND ${valid}`
}

function decodedIsClean(value: string): string {
  return `${copyFunctions.textIsClean}(CAST(${value} AS BLOB))`
}

/**
 * All short texts of a row in one, an ASCII character between them, so that the bytes of thousands of rows can be tested
 * at once for NUL and invalid UTF-8; null when the table has no text. SQL has no such test: length() counts a stray byte
 * as a character, so that length() = octet_length() does not mean ASCII. Decoding each text with a function took
 * 0.5 to 0.8 µs a value; joining them and isUtf8() on a page takes 0.1 µs.
 */
export function textOfRow(columns: readonly ColumnMapping[], mayBeLong: boolean): string | null {
  const parts = columns
    .filter((column) => column.value.kind === 'text' || column.value.kind === 'json')
    .flatMap((column) => {
      const value = columnReference(column.name)
      return [mayBeLong ? `CASE WHEN octet_length(${value})<=${longTextBytes} THEN ${value} ELSE '' END` : value, "' '"]
    })
  return parts.length === 0 ? null : concatAll(parts)
}

/** Prisma's own form with a month, day and hour that exist in every year; the rest is looked at closer. */
function isoIsClean(value: string): string {
  const pattern = '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]'
  const monthAndDay = `substr(${value},6,2) BETWEEN '01' AND '12' AND substr(${value},9,2) BETWEEN '01' AND '28'`
  return `(${value} GLOB '${pattern}+00:00' OR ${value} GLOB '${pattern}Z') AND ${monthAndDay} AND substr(${value},12,2)<'24' AND NOT ${value} GLOB '0000*'`
}

function uuidIsClean(value: string): string {
  const hex = (count: number) => '[0-9a-f]'.repeat(count)
  return `${value} GLOB '${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}'`
}

/** jsonb refuses some escapes and enormous numbers: both are rare enough for a closer look wherever they may be. */
function jsonIsClean(value: string, binary: boolean, decodesText: DecodesText): string {
  const decodes = decodesText === false ? '' : ` AND ${decodedIsClean(value)}`
  const valid = `octet_length(${value})<16000 AND json_valid(${value})${decodes}`
  if (!binary) return valid
  const digits = '[-+0-9][0-9][0-9][0-9]'
  return `${valid} AND NOT (${value} GLOB '*\\u*' OR ${value} GLOB '*e${digits}*' OR ${value} GLOB '*E${digits}*')`
}
