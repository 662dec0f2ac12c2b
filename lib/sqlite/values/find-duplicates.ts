import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { printableKey } from './classify-suspects'
import { copyFunctions, specText } from './copy-functions'
import { rowKeyOf } from './row-range'
import { columnReference, quoteName, quoteText, tableAlias } from './sql-text'
import { textOfCode } from './value-codes'

/**
 * Unique keys in which rows are equal on PostgreSQL: because the file has no such key, or because two of its values are one
 * there (two spellings of one instant, the texts 'A0…' and 'a0…' of one UUID, a BLOB and a TEXT of the same bytes). Keys
 * that the file has too, and whose columns cannot hold such pairs, cost nothing.
 */
export function findDuplicates(db: Database, mapping: TableMapping, uniqueKeys: readonly (readonly string[])[]): Finding[] {
  const known = uniqueSets(db, mapping)
  const seen = new Set<string>()
  return [mapping.primaryKey, ...uniqueKeys].flatMap((names) => {
    const name = [...names].sort().join('\0')
    if (seen.has(name)) return []
    seen.add(name)
    const columns = names.flatMap((name) => mapping.columns.filter((column) => column.name === name))
    if (columns.length === 0 || columns.length !== names.length) return []
    const isKept = known.some((set) => set.every((column) => names.includes(column)))
    if (isKept && !columns.some((column) => mayMerge(db, mapping, column))) return []
    return duplicatesOf(db, mapping, columns)
  })
}

const indexRow = z.object({ name: z.string(), unique: z.number(), partial: z.number() })

/** Sets of columns of which the file lets no two rows have the same. */
function uniqueSets(db: Database, mapping: TableMapping): readonly (readonly string[])[] {
  const indexes = z.array(indexRow).parse(db.prepare('SELECT name, "unique", partial FROM pragma_index_list(?)').all(mapping.table))
  const columnsOf = db.prepare('SELECT name FROM pragma_index_info(?)').pluck()
  const sets = indexes
    .filter(({ unique, partial }) => unique === 1 && partial === 0)
    .map(({ name }) => z.array(z.string().nullable()).parse(columnsOf.all(name)))
  const whole = sets.flatMap((set) => (set.includes(null) ? [] : [set.filter((name) => name !== null)]))
  return mapping.rowidColumn === null ? whole : [[mapping.rowidColumn], ...whole]
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
  const place = rowKeyOf(mapping)
  const keys = mapping.primaryKey.map(columnReference)
  // Beside a single max() SQLite takes the other columns from the row that has it.
  const last = (place.kind === 'rowid' ? place.expressions[0] : keys[0]) ?? '0'
  const sql = `SELECT ${['count(*) - 1', `max(${last})`, ...keys].join(',')} FROM ${table} WHERE ${present} GROUP BY ${converted.join(',')} HAVING count(*) > 1`
  let count = 0
  const sampleKeys: Record<string, string>[] = []
  try {
    for (const row of db.prepare(sql).raw().safeIntegers().iterate() as Iterable<(bigint | number | string | Buffer | null)[]>) {
      count += Number(row[0])
      const [, at = null, ...values] = row
      const named = mapping.primaryKey.map((name, index) => [name, printableKey(values[index] ?? null)] as const)
      if (named.length === 0 && place.kind === 'rowid') named.push(['rowid', printableKey(at)])
      if (sampleKeys.length < 10 && named.length > 0) sampleKeys.push(Object.fromEntries(named))
    }
  } catch {
    // A value that is refused anyway cannot be converted; its own finding already blocks.
    return []
  }
  if (count === 0) return []
  const text = textOfCode('DUPLICATE_AFTER_CONVERSION')
  const key = columns.map((column) => column.name).join(', ')
  return [
    createFinding({
      code: 'DUPLICATE_AFTER_CONVERSION',
      severity: text.severity,
      table: mapping.table,
      column: key,
      key: sampleKeys[0] ?? null,
      sampleKeys,
      count,
      params: { unit: 'row', place: `${mapping.table} (${key})` },
      message: `In ${mapping.table} (${key}), ${count === 1 ? '1 row' : `${count} rows`}: they ${text.says}.`,
      hint: text.hint,
    }),
  ]
}

function convertedExpression(column: ColumnMapping, isUtf16: boolean): string {
  // Bytes as they are: two texts that are no UTF-8 would become equal in JavaScript.
  if (column.value.kind === 'bytes' && !isUtf16) return `CAST(${columnReference(column.name)} AS BLOB)`
  return `${copyFunctions.key}(${quoteText(specText(column))},${columnReference(column.name)})`
}
