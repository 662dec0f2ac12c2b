import type { Cell } from './browsed-rows'
import type { PrintedKey } from './find-row'

export interface BrowseOptions {
  readonly table: string
  /** The side whose order is followed; the other side's row is looked up by its key. */
  readonly side: 'source' | 'target'
  /** The `next` of the page before. */
  readonly after?: string
  /** Only rows with this key: of several columns separated by commas, and of the last one, where it is a text, its beginning. */
  readonly key?: string
  readonly limit: number
}

/** A page as one side has it. */
export interface SidePage {
  readonly rows: readonly { readonly key: PrintedKey; readonly cells: Cell[] }[]
  readonly next: string | null
}
