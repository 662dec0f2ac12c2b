import type { ColumnMapping, ValueKind } from '@/lib/core/table-mapping'
import { lastInstantMs, suspiciousBelowMs } from './convert-date'
import { columnReference } from './copy-expression'
import { copyFunctions } from './copy-functions'
import { quoteText } from './sql-text'

type Branches = Partial<Record<'integer' | 'real' | 'text' | 'blob', string>>

/** Largest finite double, as SQLite writes it. */
const largestDouble = '1.7976931348623157e308'

/**
 * A SQL expression that is 1 for a value that needs a closer look and 0 for one that certainly arrives as Prisma reads
 * it. It may be 1 too often, never 0 wrongly; convertValue then decides. null where no value of the column can need it.
 */
export function suspectExpression(column: ColumnMapping, isRowid: boolean, isRequired: boolean): string | null {
  const { value } = column
  if (isRowid && value.kind === 'integer' && value.bits === 64) return null
  const reference = columnReference(column.name)
  const branches = cleanBranches(value, reference)
  const whens = Object.entries(branches).map(([storageClass, clean]) => `WHEN '${storageClass}' THEN NOT (${clean})`)
  return `CASE typeof(${reference}) ${whens.join(' ')} WHEN 'null' THEN ${isRequired ? 1 : 0} ELSE 1 END`
}

/** For each storage class that may be fine, the condition under which it is; other classes are always suspect. */
function cleanBranches(kind: ValueKind, value: string): Branches {
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
      return { text: textIsClean(value, kind.maxLength, kind.padded) }
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
      return { integer: '1', real: `abs(${value})<=${largestDouble}`, text: jsonIsClean(value, kind.binary) }
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
  return { integer, real: `(abs(${value}) BETWEEN 1e-${places - 17} AND 1e${Math.min(whole - 1, 307)}) OR ${real}` }
}

/**
 * There is no test for valid UTF-8 in SQL: length() counts a stray byte as a character, so length() = octet_length()
 * does not mean ASCII. The text is decoded by a function.
 */
function textIsClean(value: string, maxLength: number | null, padded: boolean): string {
  const valid = `${copyFunctions.textIsClean}(${value})`
  if (maxLength === null) return valid
  return `length(${value})${padded ? '=' : '<='}${maxLength} AND ${valid}`
}

/** Prisma's own form with a month, day and hour that exist in every year; the rest is looked at closer. */
function isoIsClean(value: string): string {
  const pattern = '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]'
  const monthAndDay = `substr(${value},6,2) BETWEEN '01' AND '12' AND substr(${value},9,2) BETWEEN '01' AND '28'`
  return `(${value} GLOB '${pattern}+00:00' OR ${value} GLOB '${pattern}Z') AND ${monthAndDay} AND substr(${value},12,2)<'24' AND substr(${value},1,4)>'0000'`
}

function uuidIsClean(value: string): string {
  const hex = (count: number) => '[0-9a-f]'.repeat(count)
  return `${value} GLOB '${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}'`
}

/** jsonb refuses some escapes and enormous numbers: both are rare enough for a closer look wherever they may be. */
function jsonIsClean(value: string, binary: boolean): string {
  const valid = `json_valid(${value}) AND ${copyFunctions.textIsClean}(${value})`
  if (!binary) return valid
  const digits = '[-+0-9][0-9][0-9][0-9]'
  return `${valid} AND octet_length(${value})<16000 AND NOT (${value} GLOB '*\\u*' OR ${value} GLOB '*e${digits}*' OR ${value} GLOB '*E${digits}*')`
}
