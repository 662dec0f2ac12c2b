import { isAscii } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import type { ValueKind } from '@/lib/core/table-mapping'
import { type Canonical, canonicalSource, canonicalTarget, sourceValue, unreadable } from './canonical-value'
import { isEqualValue } from './equal-values'
import { createJsonDigest } from './json-digest'
import { standInOf } from './long-values'
import { type SourceRow, storage } from './source-row'
import type { TargetRow } from './target-rows'

/** How the fields of both sides' rows are read and compared. */
export interface RowReading {
  readonly isEqual: typeof isEqualValue
  readonly source: (row: SourceRow, column: number, kind: ValueKind) => Canonical
  readonly target: (row: TargetRow, column: number, kind: ValueKind) => Canonical
}

export const plainReading: RowReading = {
  isEqual: isEqualValue,
  source: (row, column, kind) => canonicalSource(sourceValue(row, column), kind),
  target: canonicalTarget,
}

/**
 * Of rows in which long JSON is replaced by a stand-in. The two sides print one value at different lengths, so it may be long on one
 * side alone: then the other's is turned into its stand-in here.
 */
export function readingWithStandIns(mark: string): RowReading {
  const beginning = Buffer.from(`"${mark}`)
  const isStandIn = (bytes: Buffer, start: number, end: number) =>
    end - start > beginning.length && bytes.compare(beginning, 0, beginning.length, start, start + beginning.length) === 0
  const isSourceStandIn = (row: SourceRow, column: number) =>
    row.classes[column] === storage.text && isStandIn(row.bytes, row.starts[column] ?? 0, row.ends[column] ?? 0)
  const isTargetStandIn = (row: TargetRow, column: number, kind: ValueKind) => {
    const start = row.starts[column] ?? 0
    return isStandIn(row.bytes, start + versionBytes(kind), start + (row.lengths[column] ?? -1))
  }
  const reduced = (value: Canonical) => (typeof value === 'string' ? standInOf(mark, digestOfText(value)).toString() : value)
  const source: RowReading['source'] = (row, column, kind) => {
    if (kind.kind !== 'json') return plainReading.source(row, column, kind)
    if (isSourceStandIn(row, column)) return row.bytes.toString('utf8', row.starts[column], row.ends[column])
    return reduced(plainReading.source(row, column, kind))
  }
  const target: RowReading['target'] = (row, column, kind) => {
    if (kind.kind !== 'json') return canonicalTarget(row, column, kind)
    const start = row.starts[column] ?? 0
    if (isTargetStandIn(row, column, kind))
      return row.bytes.toString('utf8', start + versionBytes(kind), start + (row.lengths[column] ?? 0))
    return reduced(canonicalTarget(row, column, kind))
  }
  return {
    source,
    target,
    isEqual: (one, other, column, kind) => {
      if (kind.kind !== 'json' || !(isSourceStandIn(one, column) || isTargetStandIn(other, column, kind)))
        return isEqualValue(one, other, column, kind)
      const value = source(one, column, kind)
      return value !== unreadable && value === target(other, column, kind)
    },
  }
}

/**
 * The digest of what a stored text or BLOB means as JSON; null when it is none. One with doubled keys and SQLite's JSONB are held whole.
 *
 * @param pieces reads the value anew, in UTF-8
 */
export function digestStoredJson(pieces: () => Iterable<Buffer>, isBlob: boolean): string | null {
  const json = createJsonDigest(false)
  let decoder: StringDecoder | null = null
  for (const piece of pieces()) {
    for (let start = 0; start < piece.length; start += decodedBytes) {
      const part = piece.subarray(start, start + decodedBytes)
      // What is no UTF-8 counts as Prisma reads it, with U+FFFD.
      if (decoder === null && !isAscii(part)) decoder = new StringDecoder('utf8')
      json.take(decoder === null ? part : Buffer.from(decoder.write(part)))
    }
  }
  if (decoder !== null) json.take(Buffer.from(decoder.end()))
  const meaning = json.end()
  if (meaning.status === 'read') return meaning.digest
  if (meaning.status === 'invalid' && !isBlob) return null
  const whole = Buffer.concat([...pieces()])
  const canonical = canonicalSource(isBlob ? whole : whole.toString('utf8'), { kind: 'json', binary: true })
  return typeof canonical === 'string' ? digestOfText(canonical) : null
}

/** What is made of a piece lives briefly. */
const decodedBytes = 16 * 1024

function digestOfText(canonical: string): string | null {
  const json = createJsonDigest(true)
  json.take(Buffer.from(canonical))
  const meaning = json.end()
  return meaning.status === 'read' ? meaning.digest : null
}

/** jsonb is sent with the version of its form before the text. */
function versionBytes(kind: ValueKind): number {
  return kind.kind === 'json' && kind.binary ? 1 : 0
}
