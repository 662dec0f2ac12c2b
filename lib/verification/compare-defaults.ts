import type { PostgresColumn } from '@/lib/core/catalogue'

/** Types whose literals both engines write so alike that the values can be compared. */
const textTypes = new Set(['text', 'varchar', 'bpchar', 'citext'])
const numberTypes = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])

/**
 * Whether two defaults are surely not the same: both are plain values, or the present moment, and not the same one.
 * Of expressions nothing is said, which the two engines write in their own ways. Pure.
 */
export function defaultsDiffer(source: string, target: PostgresColumn): boolean {
  if (target.defaultSql === null) return false
  const one = literalOf(source, target)
  const other = literalOf(target.defaultSql, target)
  return one !== null && other !== null && one !== other
}

/** `::"Role"`, `::character varying(20)`, `::public."Role"` at the end. */
const cast = /::(?:"[^"]+"|[a-z_ ]+)(?:\.(?:"[^"]+"|[a-z_ ]+))?(?:\(\d+(?:,\d+)?\))?$/i

function literalOf(sql: string, { typeName, enumLabels }: PostgresColumn): string | null {
  const text = withoutParentheses(sql.trim()).replace(cast, '')
  if (/^(current_timestamp(\(\d\))?|now\(\)|localtimestamp(\(\d\))?)$/i.test(text)) return 'now'
  const quoted = /^'((?:[^']|'')*)'$/.exec(text)?.[1]?.replaceAll("''", "'")
  const bare = quoted ?? text
  if (typeName === 'bool') return /^(true|t|1)$/i.test(bare) ? 'true' : /^(false|f|0)$/i.test(bare) ? 'false' : null
  if (numberTypes.has(typeName)) return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(bare) ? canonicalNumber(bare) : null
  if (textTypes.has(typeName) || enumLabels !== null) return quoted === undefined ? null : `text ${quoted}`
  // A fixed moment may be written in several ways: only that it is one is told.
  if (/^(timestamp|timestamptz|date|time)$/.test(typeName)) return quoted === undefined ? null : 'a fixed moment'
  return null
}

/** Digits beyond those of a double stay apart. */
function canonicalNumber(text: string): string {
  const number = Number(text)
  return Number.isSafeInteger(number) || /[.e]/i.test(text) ? String(number) : text
}

function withoutParentheses(sql: string): string {
  const inner = /^\(([^()]*)\)$/.exec(sql)?.[1]
  return inner === undefined ? sql : inner.trim()
}
