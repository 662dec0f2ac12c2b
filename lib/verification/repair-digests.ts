import { createHash } from 'node:crypto'
import type { TableMapping } from '@/lib/core/table-mapping'
import { type Canonical, canonicalSource, type SourceValue, unreadable } from './canonical-value'
import { printKeyValue } from './print-key'
import { keyParts } from './row-order'

/**
 * Repairs by choice are recorded with digests of canonical values, so that the comparison can tell a row that was repaired,
 * and still is what the repair made of it, from one that differs for another reason; no value is kept for it.
 * An unreadable value is a boolean of its side, which no value of the other side equals.
 */
export function digestOf(texts: readonly Canonical[], side: 'source' | 'target'): Buffer {
  const hash = createHash('sha256')
  for (const text of texts) {
    if (typeof text === 'string') hash.update(`${text.length}:`).update(text)
    else hash.update(`${text === unreadable ? side === 'target' : text};`)
  }
  return hash.digest().subarray(0, 16)
}

/** Of a key as the comparison prints it. */
export function digestOfKey(printed: readonly string[]): Buffer {
  return digestOf([JSON.stringify(printed)], 'source')
}

/** Of the key of a row, given its stored values by column; null in a table without a key. */
export function digestOfStoredKey(values: ReadonlyMap<string, SourceValue>, mapping: TableMapping): Buffer | null {
  const key = keyParts(mapping)
  if (key === null) return null
  return digestOfKey(key.map((part) => printKeyValue(canonicalSource(values.get(part.name) ?? null, part.value), part)))
}

/** Of stored values, each as what its column holds. */
export function digestOfStored(values: readonly SourceValue[], columns: TableMapping['columns']): Buffer {
  return digestOf(
    columns.map(({ value }, index) => canonicalSource(values[index] ?? null, value)),
    'source',
  )
}
