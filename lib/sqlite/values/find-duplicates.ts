import type { Database } from 'better-sqlite3'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { copyFunctions, specText } from './copy-functions'
import { columnReference, quoteName, quoteText, tableAlias } from './sql-text'
import { textOfCode } from './value-codes'

/**
 * Unique keys in which two rows differ in SQLite and are equal on PostgreSQL: two spellings of one instant, the texts
 * 'A0…' and 'a0…' of one UUID, a BLOB and a TEXT of the same bytes. Keys whose columns cannot hold such pairs cost nothing.
 */
export function findDuplicates(db: Database, mapping: TableMapping, uniqueKeys: readonly (readonly string[])[]): Finding[] {
  return [mapping.primaryKey, ...uniqueKeys].flatMap((names) => {
    const columns = names.flatMap((name) => mapping.columns.filter((column) => column.name === name))
    if (columns.length === 0 || columns.length !== names.length) return []
    if (!columns.some((column) => mayMerge(db, mapping, column))) return []
    return duplicatesOf(db, mapping, columns)
  })
}

/** Whether a column holds more than one form of value, of a kind where different forms can mean the same. */
function mayMerge(db: Database, mapping: TableMapping, column: ColumnMapping): boolean {
  if (column.name === mapping.rowidColumn) return false
  const value = columnReference(column.name)
  // One storage class, and for texts that stand for something else one length and one last character, is one form.
  const standsForItself = column.value.kind === 'text' || column.value.kind === 'bytes' || column.value.kind === 'enum'
  const form = standsForItself
    ? `typeof(${value})`
    : `typeof(${value})||CASE typeof(${value}) WHEN 'text' THEN length(${value})||substr(${value},-1) ELSE '' END`
  const table = `${quoteName(mapping.table)} AS ${tableAlias}`
  const forms = db.prepare(`SELECT count(*) FROM (SELECT DISTINCT ${form} FROM ${table} WHERE ${value} IS NOT NULL LIMIT 2)`).pluck().get()
  if (forms === 2) return true
  if (column.value.kind === 'boolean' || column.value.kind === 'uuid') return true
  return false
}

function duplicatesOf(db: Database, mapping: TableMapping, columns: readonly ColumnMapping[]): Finding[] {
  const table = `${quoteName(mapping.table)} AS ${tableAlias}`
  const present = columns.map((column) => `${columnReference(column.name)} IS NOT NULL`).join(' AND ')
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  const converted = columns.map((column) => convertedExpression(column, isUtf16))
  const keys = mapping.primaryKey.map((name) => `max(${columnReference(name)})`)
  const sql = `SELECT count(*) - 1${keys.map((key) => `,${key}`).join('')} FROM ${table} WHERE ${present} GROUP BY ${converted.join(',')} HAVING count(*) > 1`
  let count = 0
  const sampleKeys: Record<string, string>[] = []
  try {
    for (const row of db.prepare(sql).raw().safeIntegers().iterate() as Iterable<(bigint | number | string | Buffer | null)[]>) {
      count += Number(row[0])
      if (sampleKeys.length < 10)
        sampleKeys.push(Object.fromEntries(mapping.primaryKey.map((name, index) => [name, String(row[index + 1])])))
    }
  } catch {
    // A value that is refused anyway cannot be converted; its own finding already blocks.
    return []
  }
  if (count === 0) return []
  const text = textOfCode('DUPLICATE_AFTER_CONVERSION')
  const names = columns.map((column) => column.name).join(', ')
  return [
    createFinding({
      code: 'DUPLICATE_AFTER_CONVERSION',
      severity: text.severity,
      table: mapping.table,
      column: names,
      key: mapping.primaryKey.length > 0 ? (sampleKeys[0] ?? null) : null,
      sampleKeys: mapping.primaryKey.length > 0 ? sampleKeys : [],
      count,
      params: { unit: 'row', place: `${mapping.table} (${names})` },
      message: `In ${mapping.table} (${names}), ${count === 1 ? '1 row' : `${count} rows`}: they ${text.says}.`,
      hint: text.hint,
    }),
  ]
}

function convertedExpression(column: ColumnMapping, isUtf16: boolean): string {
  // Bytes as they are: two texts that are no UTF-8 would become equal in JavaScript.
  if (column.value.kind === 'bytes' && !isUtf16) return `CAST(${columnReference(column.name)} AS BLOB)`
  return `${copyFunctions.key}(${quoteText(specText(column))},${columnReference(column.name)})`
}
