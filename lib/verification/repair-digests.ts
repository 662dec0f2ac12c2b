import { createHash } from 'node:crypto'
import type { ColumnMapping } from '@/lib/core/table-mapping'
import { type Canonical, canonicalSource, type SourceValue, unreadable } from './canonical-value'

/**
 * Repairs by choice are recorded with digests of canonical values, so that the comparison can tell a row that was repaired,
 * and still is what the repair made of it, from one that differs for another reason; no value is kept for it.
 */
export function digestOf(texts: readonly Canonical[]): Buffer {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(typeof text === 'string' ? `${text.length}:${text}` : `${text === unreadable ? false : text};`)
  return hash.digest().subarray(0, 16)
}

/** The digest of stored values, each as what its column holds. */
export function digestOfStored(values: readonly SourceValue[], columns: readonly Pick<ColumnMapping, 'value'>[]): Buffer {
  return digestOf(columns.map(({ value }, index) => canonicalSource(values[index] ?? null, value)))
}
