import type { TableMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { registerCopyFunctions } from '@/lib/sqlite/values/copy-functions'
import { everyColumn, presence } from '@/lib/sqlite/values/find-duplicates'
import { type KeyValue, rowKeyOf } from '@/lib/sqlite/values/row-range'
import { quoteName, tableAlias } from '@/lib/sqlite/values/sql-text'
import type { RepairRecord } from './repair-record'

/**
 * Of rows that become equal in a unique key, and are equal in every other column too, the first stays. Which of two rows
 * that differ is the right one nobody can tell from here: those are left for the checks to name.
 */
export function removeDuplicates(db: SqliteDatabase, mapping: TableMapping, keyColumns: readonly string[], record: RepairRecord): void {
  registerCopyFunctions(db)
  const key = rowKeyOf(mapping)
  const place = key.expressions.join(',')
  const ranked = `SELECT ${key.expressions.map((expression, index) => `${expression} AS k${index}`).join(',')},
    row_number() OVER (PARTITION BY ${everyColumn(db, mapping).join(',')} ORDER BY ${place}) AS rank FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${presence(keyColumns)}`
  const rows = db
    .prepare(`SELECT ${key.expressions.map((_, index) => `k${index}`).join(',')} FROM (${ranked}) WHERE rank > 1`)
    .raw()
    .safeIntegers()
    // Selected above: the values of the row's key.
    .all() as KeyValue[][]
  const cause = { code: 'DUPLICATE_AFTER_CONVERSION', kind: 'duplicates', choice: 'delete' } as const
  for (const row of rows) record.remove(mapping, row, keyColumns.join(', '), cause)
}
