import type { TableMapping } from '@/lib/core/table-mapping'
import { type KeyPart, keyParts } from './row-order'

export interface SearchedPart {
  readonly part: KeyPart
  readonly text: string
  /** Whether it is the last one that was given: a text may go on from there. */
  readonly isLast: boolean
}

/**
 * What somebody typed, part by part of the key: of a key of one column the whole, of one of several columns what stands
 * between commas. Empty for nothing typed, and for a table without a key.
 */
export function splitSearch(mapping: TableMapping, search: string | undefined): readonly SearchedPart[] {
  const parts = keyParts(mapping)
  if (parts === null || search === undefined || search.trim() === '') return []
  const texts = parts.length === 1 ? [search.trim()] : search.split(',', parts.length).map((text) => text.trim())
  return texts.flatMap((text, at) => {
    const part = parts[at]
    return part && (text !== '' || at < texts.length - 1) ? [{ part, text, isLast: at === texts.length - 1 }] : []
  })
}
