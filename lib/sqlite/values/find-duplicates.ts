import { isDeepStrictEqual } from 'node:util'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import { printableKey } from './classify-suspects'
import { copyFunctions, specText } from './copy-functions'
import type { RawValue } from './raw-value'
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

/** Rows that follow another one of the same key. */
interface Followers {
  count: number
  /** Of the first such row. */
  key: Record<string, string> | null
  /** Both rows of each pair. */
  readonly sampleKeys: Record<string, string>[]
}

/**
 * Two findings: of rows that are equal in every column, of which a repair may leave all but one out, and of rows that are not. They are
 * told apart only where a key has equal rows at all, since every column of those is looked at.
 */
function duplicatesOf(db: Database, mapping: TableMapping, columns: readonly ColumnMapping[]): Finding[] {
  const key = keyExpressions(db, columns)
  const from = `FROM ${quoteName(mapping.table)} AS ${tableAlias} WHERE ${presence(columns.map(({ name }) => name))}`
  const twice = `SELECT ${key.join(',')} ${from} GROUP BY ${key.join(',')} HAVING count(*) > 1`
  try {
    if (db.prepare(`${twice} LIMIT 1`).raw().get() === undefined) return []
    const inKey = `(${key.join(',')}) IN (${twice})`
    const { equal, differing } = readFollowers(db, mapping, `${from} AND ${inKey}`, key)
    const names = columns.map(({ name }) => name).join(', ')
    return [...findingOf(mapping, names, 'equal', equal), ...findingOf(mapping, names, 'differing', differing)]
  } catch {
    // A value that is refused anyway cannot be converted; its own finding already blocks.
    return []
  }
}

function readFollowers(db: Database, mapping: TableMapping, from: string, key: readonly string[]) {
  const place = rowKeyOf(mapping)
  const names = mapping.primaryKey.length === 0 && place.kind === 'rowid' ? ['rowid'] : mapping.primaryKey
  const shown = mapping.primaryKey.length === 0 ? place.expressions : mapping.primaryKey.map(columnReference)
  // No two rows have the same rowid: such are never equal in every column, and one sort is enough.
  const every = mapping.rowidColumn === null ? everyColumn(db, mapping) : null
  const order = place.kind === 'none' ? '' : ` ORDER BY ${place.expressions.join(',')}`
  const first = (window: string, name: string) =>
    shown.map((expression, index) => `first_value(${expression}) OVER ${window} AS ${name}${index}`)
  const inAll = every === null ? 'inKey' : 'inAll'
  const selected = [
    'row_number() OVER inKey AS nthInKey',
    `${every === null ? '1' : 'row_number() OVER inAll'} AS nthInAll`,
    ...shown.map((expression, index) => `${expression} AS own${index}`),
    ...first('inKey', 'ofKey'),
    ...first(inAll, 'ofAll'),
  ]
  const windows = [
    `inKey AS (PARTITION BY ${key.join(',')}${order})`,
    ...(every ? [`inAll AS (PARTITION BY ${every.join(',')}${order})`] : []),
  ]
  const sorted = shown.length > 0 ? ` ORDER BY ${shown.map((_, index) => `own${index}`).join(',')}` : ''
  const sql = `SELECT * FROM (SELECT ${selected.join(',')} ${from} WINDOW ${windows.join(',')}) WHERE nthInKey > 1${sorted}`
  const equal: Followers = { count: 0, key: null, sampleKeys: [] }
  const differing: Followers = { count: 0, key: null, sampleKeys: [] }
  // raw() answers an array of what is selected above.
  for (const row of db.prepare(sql).raw().safeIntegers().iterate() as Iterable<RawValue[]>) {
    const named = (offset: number) =>
      Object.fromEntries(names.map((name, index) => [name, printableKey(row[2 + offset * shown.length + index] ?? null)]))
    const isEqual = Number(row[1]) > 1
    const followers = isEqual ? equal : differing
    followers.count += 1
    if (names.length === 0) continue
    followers.key ??= named(0)
    for (const one of [named(isEqual ? 2 : 1), named(0)])
      if (followers.sampleKeys.length < 10 && !followers.sampleKeys.some((known) => isDeepStrictEqual(known, one)))
        followers.sampleKeys.push(one)
  }
  return { equal, differing }
}

function findingOf(mapping: TableMapping, names: string, rows: 'equal' | 'differing', { count, key, sampleKeys }: Followers): Finding[] {
  if (count === 0) return []
  const text = textOfCode('DUPLICATE_AFTER_CONVERSION')
  const place = `${mapping.table} (${names})`
  const are = count === 1 ? '1 row is equal to another' : `${count} rows are equal to others`
  const inKey = 'in a unique key of the target'
  const how =
    rows === 'equal'
      ? `in every column, and so ${inKey}`
      : `${inKey}, as values of its types, but not in every column, the primary key included`
  return [
    createFinding({
      code: 'DUPLICATE_AFTER_CONVERSION',
      severity: text.severity,
      table: mapping.table,
      column: names,
      key,
      sampleKeys,
      count,
      params: { unit: 'row', place, rows },
      message: `In ${place}, ${are} ${how}.`,
      hint: text.hint,
    }),
  ]
}

/** What rows are compared by that are to be equal in every column. */
export function everyColumn(db: Database, mapping: TableMapping): readonly string[] {
  const columns = mapping.columns.filter((column) => !column.generated)
  return keyExpressions(db, columns)
}

/** Rows with a NULL in a key are equal to none. */
export function presence(names: readonly string[]): string {
  return names.map((name) => `${columnReference(name)} IS NOT NULL`).join(' AND ')
}

/** Expressions that are equal for values that PostgreSQL takes for equal. */
function keyExpressions(db: Database, columns: readonly ColumnMapping[]): readonly string[] {
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8'
  return columns.map((column) => {
    // Bytes as they are: two texts that are no UTF-8 would become equal in JavaScript.
    if (column.value.kind === 'bytes' && !isUtf16) return `CAST(${columnReference(column.name)} AS BLOB)`
    return `${copyFunctions.key}(${quoteText(specText(column))},${columnReference(column.name)})`
  })
}
