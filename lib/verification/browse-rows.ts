import { sourcePage, sourceRows } from './browse-source'
import { targetPage, targetRows } from './browse-target'
import { isSensitive } from './browsed-cells'
import type { BrowsedPage, Cell } from './browsed-rows'
import type { PrintedKey } from './find-row'
import { type Inspection, inspectedTable } from './inspection'

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

/** One page of rows, both sides next to each other; long values cut, sensitive ones masked. @throws AppError NOT_FOUND */
export async function browseRows(inspection: Inspection, options: BrowseOptions): Promise<BrowsedPage> {
  const { table, mapping } = inspectedTable(inspection, options.table)
  const target = inspection.target.tables.find(({ name }) => name === options.table)
  const page = options.side === 'source' ? sourcePage(inspection, table, mapping, options) : await targetPage(inspection, mapping, options)
  const keys = page.rows.map(({ key }) => key)
  const twins =
    options.side === 'source' ? await targetRows(inspection, mapping, target, keys) : sourceRows(inspection, table, mapping, keys)
  return {
    table: options.table,
    columns: mapping.columns.map((column) => ({
      name: column.name,
      sourceType: column.sourceType,
      targetType: target?.columns.find(({ name }) => name === column.name)?.type ?? '',
      isKey: mapping.primaryKey.includes(column.name),
      isMasked: isSensitive(column.name),
    })),
    rows: page.rows.map(({ key, cells }, at) => {
      const twin = twins[at]
      const other = options.side === 'source' ? 'target' : 'source'
      return { key, [options.side]: cells, ...(twin === undefined ? {} : { [other]: twin }) }
    }),
    next: page.next,
  }
}
