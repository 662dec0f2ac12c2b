import { isUtf8 } from 'node:buffer'
import type { Database } from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'
import type { ColumnMapping, ValueKind } from '@/lib/core/table-mapping'
import { convertDecimal, decimalKey } from './convert-number'
import { convertValue } from './convert-value'
import type { RawValue } from './raw-value'
import { shapeOf } from './raw-value'
import { utf8OfUtf16 } from './utf16'
import { textOfCode } from './value-codes'

type ColumnSpec = Pick<ColumnMapping, 'value' | 'sourceType'>

/** Names of the functions that the generated SQL calls; they exist only on connections given to registerCopyFunctions. */
export const copyFunctions = {
  value: 'bascule_value',
  float: 'bascule_float',
  instant: 'bascule_instant',
  utf8: 'bascule_utf8',
  utf16: 'bascule_utf16',
  utf8Text: 'bascule_utf8_text',
  jsonText: 'bascule_json_text',
  bytes: 'bascule_bytes',
  key: 'bascule_key',
  textIsClean: 'bascule_text_is_clean',
  decimal: 'bascule_decimal',
  decimalIsClean: 'bascule_decimal_is_clean',
  isUtf8: 'bascule_is_utf8',
} as const

/**
 * Registers on this connection the functions for the slow paths of copySelect: values whose storage class or form is not
 * the usual one of their column. A value that checkTable blocks makes them throw VALUE_REFUSED; nothing is sent for it.
 */
export function registerCopyFunctions(db: Database): void {
  // Once a connection: SQLite refuses to replace a function while a statement runs, and prepares all statements anew.
  if (registered.has(db)) return
  registered.add(db)
  const options = { deterministic: true, directOnly: true, safeIntegers: true } as const
  db.function(copyFunctions.value, { ...options, varargs: true }, (spec: string, raw: RawValue, binaryJson?: string | null) =>
    copyText(specOf(spec), raw, binaryJson ?? null),
  )
  db.function(copyFunctions.float, { ...options, safeIntegers: false }, (value: number) => (Object.is(value, -0) ? '-0' : String(value)))
  db.function(copyFunctions.decimal, { ...options, safeIntegers: false }, decimalText)
  // A text that PostgreSQL reads as the same instant for timestamp and timestamptz; the SQL has checked the range.
  db.function(copyFunctions.instant, { ...options, safeIntegers: false }, (value: number) => new Date(value).toISOString())
  db.function(copyFunctions.utf8, options, (text: string) => Buffer.from(text, 'utf8'))
  const encoding = db.pragma('encoding', { simple: true })
  const isBigEndian = encoding === 'UTF-16be'
  db.function(copyFunctions.utf16, options, (stored: Buffer) => utf8OfUtf16(stored, isBigEndian))
  db.function(copyFunctions.utf8Text, options, (bytes: Buffer) => bytes.toString('utf8'))
  db.function(copyFunctions.bytes, options, (text: string) => `\\\\x${Buffer.from(text, 'utf8').toString('hex')}`)
  db.function(copyFunctions.key, options, (spec: string, raw: RawValue) => keyText(specOf(spec), raw))
  db.function(copyFunctions.textIsClean, options, (stored: Buffer) => {
    const bytes = encoding === 'UTF-8' ? stored : utf8OfUtf16(stored, isBigEndian)
    return isUtf8(bytes) && !bytes.includes(0) ? 1 : 0
  })
  db.function(copyFunctions.decimalIsClean, { ...options, safeIntegers: false }, (value: number, precision: number, scale: number) =>
    convertDecimal(value, precision, scale).status === 'converted' ? 1 : 0,
  )
  db.function(copyFunctions.isUtf8, options, (bytes: Buffer) => (isUtf8(bytes) ? 1 : 0))
  db.function(copyFunctions.jsonText, options, (blob: Buffer) => (jsonInBytes(blob) ? 1 : 0))
}

const registered = new WeakSet<Database>()

/** The argument of `bascule_value` for a column; equal specs share one parsed converter. */
export function specText(column: { readonly value: ValueKind; readonly sourceType: string }): string {
  return JSON.stringify({ value: column.value, sourceType: column.sourceType })
}

const specs = new Map<string, ColumnSpec>()

function specOf(text: string): ColumnSpec {
  let spec = specs.get(text)
  if (spec === undefined) {
    // Only specText writes these texts, so the shape is known.
    spec = JSON.parse(text) as ColumnSpec
    specs.set(text, spec)
  }
  return spec
}

function copyText(column: ColumnSpec, raw: RawValue, binaryJson: string | null): string {
  if (raw === null) return '\\N'
  const conversion = convertValue(raw, column, binaryJson)
  if (conversion.status === 'converted') return escapeCopyText(conversion.text)
  const code = textOfCode(conversion.issue)
  throw new AppError({
    code: 'VALUE_REFUSED',
    message: `A value (${shapeOf(raw)}) for a ${column.value.kind} column was refused: ${conversion.issue}.`,
    hint: code.hint,
    operation: 'copy table',
  })
}

function decimalText(value: number, precision: number | null, scale: number | null): string {
  const text = String(value)
  // Most decimals: a plain number of few digits, seen to fit without taking it apart.
  if (text.length <= 17 && !text.includes('e') && Number.isFinite(value)) {
    const point = text.indexOf('.')
    const whole = point < 0 ? text.length : point
    const fits =
      whole <= (precision ?? 17) - (scale ?? 0) && (point < 0 ? 0 : text.length - point - 1) <= (scale ?? (precision === null ? 17 : 0))
    if (fits || precision === null) return text
  }
  return copyText({ value: { kind: 'decimal', precision, scale }, sourceType: '' }, value, null)
}

/** A text that is equal for two values exactly when PostgreSQL's type finds them equal. */
function keyText(column: ColumnSpec, raw: RawValue): string {
  const text = copyText(column, raw, null)
  if (column.value.kind === 'decimal') return decimalKey(text)
  return column.value.kind === 'float' ? String(Number(text)) : text
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** The escapes of COPY's text format: backslash, tab, newline, carriage return. */
export function escapeCopyText(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : text
}

function jsonInBytes(blob: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(blob))
    return true
  } catch {
    return false
  }
}
