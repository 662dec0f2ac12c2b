import { quoteName } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping, ValueKind } from '@/lib/core/table-mapping'
import { type Canonical, canonicalSource, type SourceValue } from './canonical-value'

/** How both sides bring the rows of a table into one order, by primary key. */
export interface KeyPart {
  readonly name: string
  /** Index of the column in the mapping. */
  readonly column: number
  readonly value: ValueKind
  /** Numbers are ordered as numbers, everything else as bytes. */
  readonly isNumeric: boolean
  /** Storage class that the source's own order suits; null where the order must be computed. */
  readonly directClass: 'integer' | 'text' | 'blob' | null
  /** In PostgreSQL's dialect; the table goes by `t`. */
  readonly targetOrder: string
}

/** The primary key's columns with their order; null where the table has no key, or one with a column left behind. */
export function keyParts(mapping: TableMapping): readonly KeyPart[] | null {
  const parts = mapping.primaryKey.map((name) => {
    const column = mapping.columns.findIndex((candidate) => candidate.name === name)
    const found = mapping.columns[column]
    return found ? keyPart(found, column) : null
  })
  const known = parts.filter((part) => part !== null)
  return known.length > 0 && known.length === parts.length ? known : null
}

function keyPart({ name, value }: ColumnMapping, column: number): KeyPart {
  // Qualified, because ORDER BY takes a bare name for the output column, which may have been cast to text.
  const quoted = `t.${quoteName(name)}`
  const part = { name, column, value }
  switch (value.kind) {
    case 'integer':
      return { ...part, isNumeric: true, directClass: 'integer', targetOrder: quoted }
    case 'text':
    case 'enum':
      // COLLATE "C" orders by UTF-8 bytes, as SQLite's BINARY does.
      return { ...part, isNumeric: false, directClass: 'text', targetOrder: `${quoted}::text COLLATE "C"` }
    case 'uuid':
      return { ...part, isNumeric: false, directClass: null, targetOrder: quoted }
    case 'bytes':
      return { ...part, isNumeric: false, directClass: 'blob', targetOrder: quoted }
    case 'json':
      return { ...part, isNumeric: false, directClass: null, targetOrder: `${quoted}::text COLLATE "C"` }
    case 'boolean':
    case 'float':
    case 'decimal':
    case 'timestamp':
    case 'date':
    case 'time':
      return { ...part, isNumeric: true, directClass: null, targetOrder: quoted }
  }
}

/**
 * What the source's rows are ordered by where its own order does not suit: a number for the numeric kinds, otherwise
 * the canonical text. Registered in SQLite as `bascule_order`.
 */
export function orderOf(value: SourceValue, part: Pick<KeyPart, 'value' | 'isNumeric'>): number | bigint | string | null {
  const canonical = canonicalSource(value, part.value)
  if (typeof canonical !== 'string') return null
  return part.isNumeric ? numberOf(canonical, part.value) : canonical
}

/** Which of two keys comes first: negative, zero or positive. Null and unreadable come first, as SQLite has them. */
export function compareKeyValues(one: Canonical, other: Canonical, part: Pick<KeyPart, 'value' | 'isNumeric'>): number {
  if (typeof one !== 'string' || typeof other !== 'string') return Number(typeof one === 'string') - Number(typeof other === 'string')
  if (!part.isNumeric) return Buffer.compare(keyBytes(one, part.value), keyBytes(other, part.value))
  const left = numberOf(one, part.value)
  const right = numberOf(other, part.value)
  return left < right ? -1 : left > right ? 1 : one < other ? -1 : one > other ? 1 : 0
}

function keyBytes(canonical: string, value: ValueKind): Buffer {
  return Buffer.from(canonical, value.kind === 'bytes' ? 'latin1' : 'utf8')
}

function numberOf(canonical: string, value: ValueKind): number | bigint {
  switch (value.kind) {
    case 'integer':
      return BigInt(canonical)
    case 'boolean':
      return canonical === 'true' ? 1 : 0
    case 'float':
      return Buffer.from(canonical, 'hex').readDoubleBE(0)
    case 'timestamp':
    case 'date':
      return Date.parse(canonical.includes(' ') ? `${canonical.replace(' ', 'T')}Z` : canonical)
    case 'time':
      return Date.parse(`1970-01-01T${canonical}Z`)
    default:
      return Number(canonical)
  }
}
