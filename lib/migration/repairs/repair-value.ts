import type { RepairKind } from '@/lib/core/repair-choice'
import type { ColumnMapping } from '@/lib/core/table-mapping'
import { convertDate } from '@/lib/sqlite/values/convert-date'
import { readBackFromSingle } from '@/lib/sqlite/values/convert-number'
import { convertValue } from '@/lib/sqlite/values/convert-value'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { textOfCode } from '@/lib/sqlite/values/value-codes'

/** A value that is to be repaired, as SQLite holds it. */
export interface DamagedValue {
  readonly raw: RawValue
  /** The bytes of a text, which need not be UTF-8; null for another storage class and in a UTF-16 database. */
  readonly bytes: Buffer | null
  readonly column: ColumnMapping
  /** The column's constant default, or null. */
  readonly defaultValue: RawValue
}

const replacement = '\uFFFD'
const firstJulianDayMs = -210_866_760_000_000
const dayMs = 86_400_000

/**
 * What a value becomes by a choice, in the form in which SQLite stores it. Pure; whether the result is fit is the caller's
 * to check. undefined where the choice cannot be applied to this value.
 */
export function repairValue(kind: RepairKind, choice: string, { raw, bytes, column, defaultValue }: DamagedValue): RawValue | undefined {
  const { value } = column
  switch (choice) {
    case 'null':
      return null
    case 'default':
      return defaultValue ?? undefined
    case 'true':
      return 1n
    case 'false':
      return 0n
    case 'words':
      return readWord(textOf(raw, bytes))
    case 'round':
      return value.kind === 'float'
        ? readBackFromSingle(Number(raw))
        : roundDecimal(String(raw), value.kind === 'decimal' ? (value.scale ?? 0) : 0)
    case 'convert':
      return typeof raw === 'number' ? isoText(Math.round(raw * dayMs + firstJulianDayMs)) : undefined
    case 'cut':
      return cutDate(raw, column)
    case 'latin1':
      return new TextDecoder('windows-1252').decode(bytes ?? (Buffer.isBuffer(raw) ? raw : Buffer.alloc(0)))
    case 'strip':
      return kind === 'json' ? replaceEscapes(textOf(raw, bytes), '') : textOf(raw, bytes).replaceAll('\0', '')
    case 'replace':
      if (kind === 'json') return replaceEscapes(textOf(raw, bytes), '\\ufffd')
      return kind === 'nul' ? textOf(raw, bytes).replaceAll('\0', replacement) : textOf(raw, bytes)
    case 'truncate':
      return value.kind === 'text' && value.maxLength !== null ? [...textOf(raw, bytes)].slice(0, value.maxLength).join('') : undefined
    case 'pad': {
      const text = textOf(raw, bytes)
      return value.kind === 'text' && value.maxLength !== null
        ? text + ' '.repeat(Math.max(0, value.maxLength - [...text].length))
        : undefined
    }
    case 'string':
      return JSON.stringify(textOf(raw, bytes).replaceAll('\0', replacement))
    default:
      return undefined
  }
}

/** Whether a value arrives, be it with a remark. */
export function convertsWell(raw: Exclude<RawValue, null>, column: ColumnMapping): boolean {
  const { issue } = convertValue(raw, column, null)
  return issue === null || textOfCode(issue).severity !== 'blocks'
}

/** Bytes that are not UTF-8 become U+FFFD, as everywhere. */
function textOf(raw: RawValue, bytes: Buffer | null): string {
  if (bytes !== null) return bytes.toString('utf8')
  return Buffer.isBuffer(raw) ? raw.toString('utf8') : String(raw)
}

function readWord(text: string): bigint | undefined {
  const word = text.trim().toLowerCase()
  if (['yes', 'y', 'on', 't', 'true', '1'].includes(word)) return 1n
  return ['no', 'n', 'off', 'f', 'false', '0'].includes(word) ? 0n : undefined
}

/** Half away from zero, as PostgreSQL rounds numeric. */
function roundDecimal(text: string, scale: number): string | undefined {
  const match = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text)
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  // digits × 10^-places is the number.
  const places = fraction.length - Number(exponent)
  const digits = BigInt(`${whole}${fraction}` || '0')
  const surplus = places - scale
  if (surplus <= 0 || surplus > 100_000) return surplus <= 0 ? text : '0'
  const unit = 10n ** BigInt(surplus)
  const rounded = (digits + unit / 2n) / unit
  const shown = rounded.toString().padStart(scale + 1, '0')
  const number = scale === 0 ? shown : `${shown.slice(0, -scale)}.${shown.slice(-scale)}`
  return rounded === 0n ? '0' : `${sign === '-' ? '-' : ''}${number}`
}

function cutDate(raw: RawValue, { value }: ColumnMapping): string | undefined {
  if (raw === null) return undefined
  const read = convertDate(raw, { kind: 'timestamp', precision: 3, withTimeZone: false })
  if (read.status === 'refused') return undefined
  const instant = Date.parse(`${read.text.replace(' ', 'T')}Z`)
  if (value.kind === 'date') return isoText(instant - (((instant % dayMs) + dayMs) % dayMs))
  if (value.kind !== 'time' && value.kind !== 'timestamp') return undefined
  const within = value.kind === 'time' ? ((instant % dayMs) + dayMs) % dayMs : instant
  const unit = 10 ** Math.max(0, 3 - value.precision)
  return isoText(Math.floor(within / unit) * unit)
}

/** As Prisma writes a date. */
function isoText(instantMs: number): string {
  return new Date(instantMs).toISOString().replace('Z', '+00:00')
}

/** `\u0000` and halves of surrogate pairs, which jsonb refuses; whole pairs and escaped backslashes stay. */
function replaceEscapes(json: string, by: string): string {
  return json.replace(/\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([0-9a-fA-F]{4})|\\./gs, (sequence, code?: string) => {
    const number = code === undefined ? 1 : Number.parseInt(code, 16)
    return number === 0 || (number >= 0xd800 && number <= 0xdfff) ? by : sequence
  })
}
