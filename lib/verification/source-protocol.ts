import type { SqliteCatalogue } from '@/lib/core/catalogue'
import type { ErrorReport } from '@/lib/core/errors'
import type { ValueKind } from '@/lib/core/table-mapping'
import type { LongValues } from './long-values'
import type { SourceColumn } from './source-row-sql'
import type { Endpoint } from './verification-result'

/** Which rows of the source to read, and in which order. */
export interface ReadRequest {
  readonly table: string
  readonly columns: readonly SourceColumn[]
  /** Primary key in key order; empty: any order, and each row is followed by its rowid as one more field. */
  readonly key: readonly SourceKeyColumn[]
  readonly withoutRowid: boolean
  /** Whose long values come as digests; null or absent: none. */
  readonly long?: LongValues | null
}

export interface SourceKeyColumn {
  readonly name: string
  /** Storage class that SQLite's own order suits; null where the order must be computed. */
  readonly directClass: 'integer' | 'text' | 'blob' | null
  readonly value: ValueKind
  /** INTEGER PRIMARY KEY: SQLite lets nothing else in. */
  readonly isRowid: boolean
}

/** Whole rows in the form of `sourceRowSql`, one after the other; or a piece of one that is too large to be sent at once. */
export interface SourceChunk {
  readonly bytes: Uint8Array
  /** Rows that end in this chunk. */
  readonly rows: number
  /** With the first piece of a large row: its bytes in all. The next chunks are the rest of it. */
  readonly rowBytes?: number
}

export interface OpenedSource {
  readonly endpoint: Endpoint
  readonly catalogue: SqliteCatalogue
}

/** What the reading thread can be asked; it answers in the order in which it was asked. */
export type SourceRequest =
  | { readonly ask: 'open'; readonly path: string }
  | { readonly ask: 'count'; readonly tables: readonly string[] }
  /** Whether the rows of the table may have values so long that they are compared by digest. */
  | { readonly ask: 'holdsLong'; readonly request: ReadRequest }
  | { readonly ask: 'read'; readonly request: ReadRequest }
  /** `room` is the thread's to fill until it answers. */
  | { readonly ask: 'next'; readonly room: SharedArrayBuffer }
  | { readonly ask: 'close' }

/** The value that answers each request. */
export interface SourceAnswers {
  readonly open: OpenedSource
  /** Of each table its rows, or why they could not be counted. */
  readonly count: ReadonlyMap<string, number | ErrorReport>
  readonly holdsLong: boolean
  readonly read: null
  /** Null after the last chunk. `bytes` is null when they lie in the room that came with the question. */
  readonly next: (Omit<SourceChunk, 'bytes'> & { readonly bytes: Uint8Array | null; readonly length: number }) | null
  readonly close: null
}

export type SourceReply = { readonly value: SourceAnswers[keyof SourceAnswers] } | { readonly error: ErrorReport }
