import { hasTextAffinity, isReal } from '@/lib/core/affinity'
import type { PostgresColumn } from '@/lib/core/catalogue'
import type { SqlToken } from '@/lib/core/sql-tokens'

/** What is known of a value in both databases. */
export interface Value {
  readonly kind:
    | 'integer'
    | 'real'
    | 'decimal'
    | 'text'
    /** A text that is written there. */
    | 'string'
    | 'bytes'
    | 'instant'
    | 'day'
    | 'time'
    | 'uuid'
    | 'json'
    /** What stood in JSON, of any class: a text on PostgreSQL. */
    | 'extracted'
    /** A number that SQLite has as a text, and compares as one. */
    | 'respelled'
    | 'nothing'
    | 'other'
  /** Of a string. */
  readonly text?: string
  /** Of an integer: how many its values may need. */
  readonly bits?: number
  /** Whether a text beside it is read as a number: so it is beside a column that holds numbers, and nothing else. */
  readonly readsTexts?: boolean
  /** Of a real, that it may be an integer in SQLite; of a text, that it may be a number there. */
  readonly isMixed?: boolean
  /** Of an integer: whether it is a condition, for which PostgreSQL has a type of its own. */
  readonly isTruth?: boolean
  readonly hasOtherCollation?: boolean
}

/** Thrown where the two databases differ. */
export class Otherwise extends Error {}

export const nothing: Value = { kind: 'nothing' }
export const truth: Value = { kind: 'integer', bits: 1, isTruth: true }
/** 0 and 1 as numbers. */
export const bit: Value = { kind: 'integer', bits: 1 }
const numberForm = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i
/** The bits in which a double tells integers apart. */
export const safeBits = 53

export function demand(isAlike: boolean): asserts isAlike {
  if (!isAlike) throw new Otherwise()
}

export function literalValue(token: SqlToken): Value {
  if (token.kind === 'string') return { kind: 'string', text: token.text }
  if (token.kind === 'blob') return { kind: 'bytes' }
  if (!/^\d+$/.test(token.text)) return { kind: 'real', bits: bitsOf(token.text) }
  const bits = BigInt(token.text).toString(2).length
  return { kind: bits > 63 ? 'real' : 'integer', bits }
}

/** Of a written real: whether it is so small that each integer beside it is told from it. */
function bitsOf(number: string): number {
  return Math.ceil(Math.log2(Math.abs(Number(number)) + 1))
}

export function columnValue({ typeName }: PostgresColumn, declared: string | undefined, hasOtherCollation: boolean): Value {
  const isNumeric = /^(bool|int|smallint|bigint|float|double|real|numeric)/.test(typeName)
  if (isNumeric && declared !== undefined && hasTextAffinity(declared)) return { kind: 'respelled' }
  const readsTexts = declared !== undefined && declared !== '' && !hasTextAffinity(declared) && !/BLOB/.test(declared)
  if (/^bool/.test(typeName)) return { ...truth, readsTexts }
  if (/^(int8|bigint)$/.test(typeName)) return { kind: 'integer', bits: 63, readsTexts }
  if (/^(int2|int4|smallint|integer)$/.test(typeName)) return { kind: 'integer', bits: 31, readsTexts }
  if (/^(float|double|real)/.test(typeName)) return { kind: 'real', readsTexts, isMixed: declared !== undefined && !isReal(declared) }
  if (typeName.startsWith('numeric')) return { kind: 'decimal', readsTexts }
  if (/^(text|varchar|bpchar|char|citext)/.test(typeName))
    return { kind: 'text', isMixed: declared !== undefined && !hasTextAffinity(declared), hasOtherCollation }
  if (typeName === 'bytea') return { kind: 'bytes' }
  if (typeName.startsWith('timestamp')) return { kind: 'instant' }
  if (typeName === 'date') return { kind: 'day' }
  if (typeName.startsWith('time')) return { kind: 'time' }
  if (typeName === 'uuid') return { kind: 'uuid' }
  return { kind: /^jsonb?$/.test(typeName) ? 'json' : 'other' }
}

export function castValue(value: Value, type: string): Value {
  // Of a double it is one too, and told from no other.
  if (/INT/.test(type)) return { kind: 'integer', bits: value.bits ?? (value.kind === 'real' ? safeBits : 63), readsTexts: true }
  if (/CHAR|CLOB|TEXT/.test(type)) return { kind: 'text', hasOtherCollation: value.hasOtherCollation ?? false }
  return /REAL|FLOA|DOUB/.test(type) ? { kind: 'real', readsTexts: true } : { kind: 'other' }
}

export function isNumber({ kind }: Value): boolean {
  return kind === 'integer' || kind === 'real' || kind === 'decimal' || kind === 'nothing'
}

export function isTextual({ kind }: Value): boolean {
  return kind === 'text' || kind === 'string'
}

/** What a sum, a product or bits of two numbers are. */
export function numberOf(operator: string, left: Value, right: Value): Value {
  const isMixed = (left.isMixed ?? false) || (right.isMixed ?? false)
  const kinds = [left.kind, right.kind]
  if (kinds.includes('decimal')) return { kind: 'decimal' }
  if (kinds.includes('real')) return { kind: 'real', isMixed: isMixed && left.kind !== right.kind ? true : isMixed }
  const [one, other] = [left.bits ?? 0, right.bits ?? 0]
  if (operator === '*') return { kind: 'integer', bits: one + other }
  if (operator === '/') return { kind: 'integer', bits: one }
  if (operator === '%') return { kind: 'integer', bits: other }
  return { kind: 'integer', bits: Math.max(one, other) + (operator === '+' || operator === '-' ? 1 : 0) }
}

/** Of values of which any may be the answer. */
export function common(values: readonly Value[]): Value {
  const known = values.filter(({ kind }) => kind !== 'nothing')
  const kinds = new Set(known.map(({ kind }) => kind))
  const isMixed = known.some((value) => value.isMixed)
  if (known.every(isNumber)) {
    const kind = kinds.has('decimal') ? 'decimal' : kinds.has('real') ? 'real' : kinds.size > 0 ? 'integer' : 'nothing'
    // PostgreSQL makes doubles of all of them.
    demand(kind !== 'real' || known.every((value) => value.kind !== 'integer' || (value.bits ?? 64) <= safeBits))
    const bits = Math.max(0, ...known.map((value) => value.bits ?? 0))
    return {
      kind,
      bits,
      isMixed: isMixed || (kind === 'real' && kinds.size > 1),
      isTruth: known.length > 0 && known.every((value) => value.isTruth === true),
    }
  }
  if (known.every(isTextual)) return { kind: 'text', isMixed }
  if (known.every((value) => isTextual(value) || value.kind === 'extracted')) return { kind: 'extracted' }
  demand(kinds.size === 1)
  return { kind: known[0]?.kind ?? 'nothing' }
}

/** A number of the same size that is no condition, and reads no texts. */
export function asNumber(value: Value): Value {
  const { isTruth, readsTexts, ...number } = value
  return number
}

export function compare(left: Value, right: Value, isOrdered: boolean): void {
  if (left.kind === 'nothing' || right.kind === 'nothing') return
  demand(!left.hasOtherCollation && !right.hasOtherCollation)
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (other.kind !== 'string') continue
    const text = other.text ?? ''
    if (isNumber(one)) demand(one.readsTexts === true && numberForm.test(text))
    else if (one.kind === 'day') demand(/^\d{4}-\d\d-\d\d$/.test(text))
    else if (one.kind === 'extracted') demand(!isOrdered && !numberForm.test(text) && !/^(true|false|[[{].*)$/s.test(text))
    else if (one.kind === 'text' && one.isMixed) demand(!isOrdered && !numberForm.test(text))
    else demand(isTextual(one) || (one.kind === 'other' && !isOrdered))
    return
  }
  if (isNumber(left) && isNumber(right)) {
    // A double holds 53 bits; PostgreSQL makes doubles of both, SQLite compares what they are.
    const isLarge = ({ kind, bits = 64 }: Value) => kind === 'integer' && bits > safeBits
    const isDouble = ({ kind, bits = 64 }: Value) => kind === 'real' && bits > safeBits
    demand(!((isDouble(left) && isLarge(right)) || (isDouble(right) && isLarge(left))))
    return
  }
  demand(!(left.kind === 'text' && left.isMixed) && !(right.kind === 'text' && right.isMixed))
  demand(
    left.kind === right.kind && left.kind !== 'json' && left.kind !== 'extracted' && left.kind !== 'other' && left.kind !== 'respelled',
  )
}
