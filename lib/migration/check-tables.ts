import type { TableMapping } from '@/lib/core/table-mapping'
import { type CheckedValues, joinParts } from '@/lib/sqlite/values/checked-parts'
import type { TaskPool } from './threads/task-pool'

export interface CheckTablesOptions {
  /** The file that is looked at. */
  readonly path: string
  readonly pool: TaskPool
  /** Unique keys that the table has on the target, as column names. */
  readonly uniqueKeysOf: (table: string) => readonly (readonly string[])[]
  /** Called with the rows of a table looked at so far. Default: nobody is told. */
  readonly onRows?: (table: string, rows: number) => void
  /** Called when a table is done. Default: nobody is told. */
  readonly onTable?: (table: string, rows: number, checked: CheckedValues) => void
}

/**
 * Looks at every value of these tables; a large one in parts, on all threads at once.
 *
 * @returns by table, in the order asked for
 * @throws AppError SOURCE_*, CANCELLED
 */
export async function checkTables(
  mappings: readonly TableMapping[],
  { path, pool, uniqueKeysOf, onRows, onTable }: CheckTablesOptions,
): Promise<ReadonlyMap<string, CheckedValues>> {
  if (mappings.length === 0) return new Map()
  const ranges = await pool.run('checkRanges', { path, mappings })
  const checked = await Promise.all(
    mappings.map(async (mapping, at) => {
      const { table } = mapping
      const rows: number[] = []
      const total = () => rows.reduce((sum, part) => sum + part, 0)
      const parts = await Promise.all(
        (ranges[at] ?? [{}]).map((range, part) =>
          // Equal keys are looked for in the whole table, once.
          pool.run('check', { path, mapping, range, uniqueKeys: part === 0 ? uniqueKeysOf(table) : [] }, (rowsDone) => {
            rows[part] = rowsDone
            onRows?.(table, total())
          }),
        ),
      )
      const found = joinParts(mapping, parts)
      onTable?.(table, total(), found)
      return [table, found] as const
    }),
  )
  return new Map(checked)
}
