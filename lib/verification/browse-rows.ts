import type { BrowseOptions } from './browse-options'
import { sourcePage, sourceRows } from './browse-source'
import { targetPage, targetRows } from './browse-target'
import { isSensitive } from './browsed-cells'
import type { BrowsedPage } from './browsed-rows'
import { type Inspection, inspectedTable } from './inspection'

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
