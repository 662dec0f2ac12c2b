import type { SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import type { Repair, RepairList } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { ColumnProfile } from '@/lib/schema/column-type'
import type { Fence } from '@/lib/sqlite/fence'
import type { CarriedColumn } from '@/lib/sqlite/values/carried-evidence'
import type { CheckedPart } from '@/lib/sqlite/values/checked-parts'
import type { KeyValue, RowRange } from '@/lib/sqlite/values/row-range'
import type { RepairRequest } from '../repairs/repair-request'

/** A stretch of one table that is copied in one PostgreSQL transaction. Open bounds are null. */
export interface Chunk {
  readonly mapping: TableMapping
  readonly number: number
  readonly after: readonly KeyValue[] | null
  readonly upTo: readonly KeyValue[] | null
  /** Whether a row of the table may be too large to be read with others. */
  readonly mayNeedPieces: boolean
  /** Columns for which the checks have vouched, when what is copied is what was checked. */
  readonly carried: readonly CarriedColumn[]
}

/** What a chunk should not exceed by much. */
export interface ChunkLimits {
  readonly rows: number
  readonly bytes: number
}

/** Rows of a table, and the keys at which it is cut into chunks: each is the last of its chunk. */
export interface TableExtent {
  readonly rows: number
  readonly mayNeedPieces: boolean
  readonly cuts: readonly (readonly KeyValue[])[]
}

/** A place of the source's or target's own words for a table whose rows are duplicates or orphans. */
export interface TaskTypes {
  readonly catalogue: { readonly input: { readonly path: string }; readonly output: SqliteCatalogue; readonly progress: never }
  readonly profile: {
    readonly input: { readonly path: string; readonly table: SqliteTable }
    readonly output: ReadonlyMap<string, ColumnProfile>
    readonly progress: never
  }
  /** The stretches in which each of these tables is checked, in their order. */
  readonly checkRanges: {
    readonly input: { readonly path: string; readonly mappings: readonly TableMapping[] }
    readonly output: readonly (readonly RowRange[])[]
    readonly progress: never
  }
  readonly check: {
    readonly input: {
      readonly path: string
      readonly mapping: TableMapping
      readonly range: RowRange
      readonly uniqueKeys: readonly (readonly string[])[]
    }
    readonly output: CheckedPart
    /** Rows looked at so far. */
    readonly progress: number
  }
  readonly measure: {
    readonly input: { readonly path: string; readonly mapping: TableMapping; readonly limits: ChunkLimits }
    readonly output: TableExtent
    readonly progress: never
  }
  readonly copy: {
    readonly input: {
      readonly path: string
      readonly targetUrl: string
      readonly applicationName: string
      readonly isUtf16: boolean
      /** A connection that was made under another number is not used any more. */
      readonly epoch: number
      readonly chunk: Chunk
      /** Whether nothing of the table is on the target and nothing comes while this is copied: its rows are written as old ones. */
      readonly isFrozen: boolean
    }
    readonly output: { readonly rows: number; readonly bytes: number }
    /** Of this chunk, so far. */
    readonly progress: { readonly rows: number; readonly bytes: number }
  }
  readonly repair: {
    /** listPath: where the list of the rows is written; null for none. */
    readonly input: { readonly path: string; readonly request: RepairRequest; readonly listPath: string | null }
    readonly output: { readonly repairs: readonly Repair[]; readonly list: RepairList | null }
    /** Rows touched so far. */
    readonly progress: number
  }
  /** Begins to watch a file for what others write; of the thread that runs `homeTasks`, which has one watch at a time. */
  readonly watch: {
    readonly input: { readonly path: string; readonly writable: boolean }
    readonly output: undefined
    readonly progress: never
  }
  /** Ends it. Whether the file still holds what it held when the watch began; a fence that was raised meanwhile is no change. */
  readonly isUnchanged: { readonly input: { readonly path: string }; readonly output: boolean; readonly progress: never }
  readonly raiseFence: {
    readonly input: { readonly path: string }
    readonly output: Fence
    readonly progress: never
  }
  readonly lowerFence: { readonly input: { readonly path: string }; readonly output: boolean; readonly progress: never }
}

export type TaskName = keyof TaskTypes

/** Tasks that share a connection, and so are always run by the same thread. */
export const homeTasks: ReadonlySet<TaskName> = new Set(['watch', 'raiseFence', 'isUnchanged'])

export type TaskInput<N extends TaskName> = TaskTypes[N]['input']
export type TaskOutput<N extends TaskName> = TaskTypes[N]['output']
export type TaskProgress<N extends TaskName> = TaskTypes[N]['progress']

/** An AppError that crosses a thread. */
export interface ThreadError {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  readonly operation: string | undefined
  readonly subject: string | undefined
  readonly retryable: boolean
}

export interface TaskRequest {
  readonly name: TaskName
  readonly input: unknown
}

export type TaskAnswer =
  | { readonly type: 'progress'; readonly value: unknown }
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: ThreadError }
