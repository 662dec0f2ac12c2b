import type { PostgresColumn } from '@/lib/core/catalogue'
import type { ValueKind } from '@/lib/core/table-mapping'
import { valueKindOf } from '@/lib/schema/map-tables'
import { evaluateDefault } from '@/lib/sqlite/evaluate-default'
import { readDateNumber, readDateText } from './canonical-date'
import { canonicalSource, type SourceValue, unreadable } from './canonical-value'

/** What a default of the target fills its column in with. */
type Filling =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'now' }
  | { readonly kind: 'chance' }
  | { readonly kind: 'unknown' }

/**
 * Whether two defaults surely do not fill a column in with the same: what SQLite makes of the source's, as Prisma reads it, is
 * held against what the target's says. Of the target's expressions nothing is said but that they are the present moment, or
 * chance.
 *
 * @param declaredType of the source's column
 */
export function defaultsDiffer(source: string, declaredType: string, target: PostgresColumn): boolean {
  const kind = valueKindOf(target)
  const wanted = kind && fillingOf(target.defaultSql, kind)
  if (!wanted || wanted.kind === 'unknown') return false
  const present = evaluateDefault(source, declaredType)
  if (present.status === 'unknown') return false
  if (present.status === 'chance') return wanted.kind !== 'chance'
  if (wanted.kind === 'chance') return true
  if (wanted.kind === 'now') return !isNow(present.value, kind)
  const value = canonicalSource(present.value, kind)
  return value !== unreadable && value !== wanted.value
}

/** `::"Role"`, `::character varying(20)`, `::public."Role"` at the end. */
const cast = /::(?:"[^"]+"|[a-z_ ]+)(?:\.(?:"[^"]+"|[a-z_ ]+))?(?:\(\d+(?:,\d+)?\))?$/i

function fillingOf(sql: string | null, kind: ValueKind): Filling {
  const text = withoutParentheses(withoutParentheses((sql ?? '').trim()).replace(cast, ''))
  const isDay = kind.kind === 'timestamp' || kind.kind === 'date'
  if (isDay && /^(current_timestamp(\(\d\))?|now\(\)|localtimestamp(\(\d\))?)$/i.test(text)) return { kind: 'now' }
  const quoted = /^'((?:[^']|'')*)'$/.exec(text)?.[1]?.replaceAll("''", "'")
  const literal = literalOf(quoted ?? text, quoted !== undefined, kind)
  const value = literal === null ? unreadable : canonicalSource(literal, kind)
  if (typeof value === 'string') return { kind: 'value', value }
  return { kind: quoted === undefined && /\b(gen_random_uuid|random)\(/.test(text) ? 'chance' : 'unknown' }
}

/** What a literal of PostgreSQL would be in SQLite. */
function literalOf(text: string, isQuoted: boolean, { kind }: ValueKind): SourceValue {
  switch (kind) {
    case 'boolean':
      return /^(true|false)$/.test(text) ? text : null
    case 'integer':
      return /^-?\d+$/.test(text) ? BigInt(text) : null
    case 'float':
      return /^-?(\d+\.?\d*(e[-+]?\d+)?|Infinity)$/.test(text) ? Number(text) : null
    case 'decimal':
      return /^-?\d+\.?\d*(e[-+]?\d+)?$/.test(text) ? text : null
    case 'bytes':
      return isQuoted && /^\\x([0-9a-f]{2})*$/.test(text) ? Buffer.from(text.slice(2), 'hex') : null
    case 'text':
    case 'enum':
    case 'uuid':
    case 'json':
    case 'timestamp':
    case 'date':
    case 'time':
      return isQuoted ? text : null
  }
}

/** SQLite's seconds may have begun a moment ago. */
const nowMs = 2_000

function isNow(value: SourceValue, { kind }: ValueKind): boolean {
  if (value === null || Buffer.isBuffer(value)) return false
  const date = typeof value === 'string' ? readDateText(value) : readDateNumber(Number(value))
  if (date === null) return false
  const now = Date.now()
  const isSameDay = [now, now - nowMs].some((one) => new Date(one).toISOString().slice(0, 10) === date.toISOString().slice(0, 10))
  return kind === 'date' ? isSameDay : Math.abs(date.getTime() - now) <= nowMs
}

function withoutParentheses(sql: string): string {
  const inner = /^\(([^()]*)\)$/.exec(sql)?.[1]
  return inner === undefined ? sql : inner.trim()
}
