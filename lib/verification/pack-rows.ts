import { z } from 'zod'
import { quoteName } from '@/lib/core/quoted-name'
import type { ReadRequest, SourceChunk } from './source-protocol'
import { encodeSourceRow } from './source-row'
import { sourceRowSql } from './source-row-sql'

/** A row's bytes as SQLite joins them, or in a file of UTF-16 its values, which are joined here. */
export function rowFields({ columns }: ReadRequest, extra: readonly string[], isUtf8: boolean): string {
  if (!isUtf8) return [...columns.map(({ name }) => quoteName(name)), ...extra].join(', ')
  return `CAST(concat(${[sourceRowSql(columns), ...extra.map((name) => `'i', ${name}, ';'`)].join(', ')}) AS BLOB)`
}

/** The bytes of one row that such fields were read of. */
export function rowBytes(row: unknown, isUtf8: boolean): Buffer {
  const fields = z.array(z.unknown()).parse(row)
  return isUtf8 ? z.instanceof(Buffer).parse(fields[0]) : encodeSourceRow(fields)
}

/** Bytes that a chunk should have: large enough to be worth a message, small enough for constant memory. */
export const chunkBytes = 1024 * 1024

/** Puts rows together into chunks. */
export function createRowPacker() {
  let parts: Buffer[] = []
  let size = 0
  function* rest(): Generator<SourceChunk, void> {
    if (parts.length > 0) yield { bytes: Buffer.concat(parts), rows: parts.length }
    parts = []
    size = 0
  }
  return {
    rest,
    *add(line: Buffer): Generator<SourceChunk, void> {
      if (size + line.length > chunkBytes) yield* rest()
      // A large row is not copied once more.
      if (line.length > chunkBytes) yield { bytes: line, rows: 1 }
      else {
        parts.push(line)
        size += line.length
      }
    },
  }
}
