import { AppError } from '@/lib/core/errors'
import { quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { ColumnMapping } from '@/lib/core/table-mapping'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { type InstantForm, isStoredAs, printedMeaning, storedMeaning, storedValue } from '@/lib/sqlite/values/stored-value'
import type { CarriedTable } from './carried-table'

/** Finds a row of the file by a key as PostgreSQL prints it. */
export interface RowFinder {
  /** How many columns the key has. */
  readonly parts: number
  /** The row's values in the order of the columns that are looked for, given a row of texts that begins with the key. */
  find(row: readonly (string | null)[]): readonly RawValue[] | undefined
}

/** Where rows are looked for: the table itself, unless another one holds its keys. */
export interface SearchedPlace {
  /** Quoted. */
  readonly table: string
  readonly columns: readonly string[]
}

/** By the index of the key, in the forms that Prisma and its kind write; by the list of `noteOddKeys` where that finds none. */
export function createRowFinder(db: SqliteDatabase, carried: CarriedTable, place: SearchedPlace = ownPlace(carried)): RowFinder {
  const keyColumns = keyColumnsOf(carried)
  const select = (condition: string) =>
    db
      .prepare(`SELECT ${quoteNames(place.columns)} FROM ${place.table} WHERE ${condition}`)
      .raw()
      .safeIntegers()
  const inForms = (column: ColumnMapping) =>
    `${exactName(carried, column.name)} IN (${keyForms('', column)
      .map(() => '?')
      .join(', ')})`
  const byForms = select(keyColumns.map(inForms).join(' AND '))
  const byValues = select(keyCondition(carried))
  const odd =
    carried.oddKeys === null
      ? null
      : db
          .prepare(`SELECT ${keyColumns.map((_, at) => `k${at}`).join(', ')} FROM temp.${quoteName(carried.oddKeys)} WHERE meaning = ?`)
          .raw()
          .safeIntegers()
  return {
    parts: keyColumns.length,
    find(row) {
      const found = byForms.get(...keyColumns.flatMap((column, at) => keyForms(row[at] ?? '', column)))
      const stored =
        found === undefined ? odd?.get(joined(keyColumns.map((column, at) => printedMeaning(row[at] ?? '', column)))) : undefined
      // What better-sqlite3 answers is what a column of SQLite can hold.
      return (stored === undefined ? found : byValues.get(...(stored as RawValue[]))) as readonly RawValue[] | undefined
    },
  }
}

/** For a WHERE, of the key's values as they are stored. */
export function keyCondition(carried: CarriedTable): string {
  return carried.key.map((name) => `${exactName(carried, name)} = ?`).join(' AND ')
}

/**
 * Lists the rows whose key SQLite stores in another class or spelling than it is looked for in: numbers and bytes in a TEXT
 * key, dates with an offset, decimals as texts. Such a row would not be found, and would be there twice once it was carried.
 * Reads the key of every row but where it is the rowid; call it before anybody waits.
 *
 * @param index unlike that of any other table of the same connection
 * @returns the temporary table with the meaning of such keys and their stored values; null where there are none
 */
export function noteOddKeys(db: SqliteDatabase, table: Omit<CarriedTable, 'oddKeys'>, index: number): string | null {
  const keyColumns = keyColumnsOf(table)
  const searched = keyColumns.filter(({ name }) => name !== table.source.rowidColumn)
  if (searched.length === 0) return null
  const name = `_bascule_odd_keys_${index}`
  const odd = `temp.${quoteName(name)}`
  const values = keyColumns.map((column) => quoteName(column.name))
  const stored = keyColumns.map((_, at) => `k${at}`)
  db.function('bascule_key_meaning', { varargs: true, deterministic: true, safeIntegers: true }, (...raw: unknown[]) => {
    // What better-sqlite3 hands to a function is what a column of SQLite can hold.
    const meanings = keyColumns.map((column, at) => storedMeaning((raw[at] ?? null) as RawValue, column))
    return meanings.includes(null) ? null : joined(meanings)
  })
  db.exec(`DROP TABLE IF EXISTS ${odd};
    CREATE TABLE ${odd} (meaning TEXT PRIMARY KEY, ${stored.join(', ')}) WITHOUT ROWID;
    INSERT OR IGNORE INTO ${odd} SELECT * FROM (SELECT bascule_key_meaning(${values.join(', ')}) AS meaning, ${values.join(', ')}
      FROM ${quoteName(table.mapping.table)} WHERE NOT (${searched.map(isSurelyFound).join(' AND ')})) WHERE meaning IS NOT NULL`)
  const hasAny = db.prepare(`SELECT 1 FROM ${odd} LIMIT 1`).get() !== undefined
  if (!hasAny) db.exec(`DROP TABLE ${odd}`)
  return hasAny ? name : null
}

const digits = (count: number) => '[0-9]'.repeat(count)
const day = `${digits(4)}-${digits(2)}-${digits(2)}`
const clock = `${digits(2)}:${digits(2)}:${digits(2)}`
/** As Prisma writes an instant, and as SQLite's CURRENT_TIMESTAMP does. */
const instantForms = [`${day}T${clock}.${digits(3)}+00:00`, `${day} ${clock}`]

/** A condition on stored values that `keyForms` gives for what they mean; false is no more than a reason to list the row. */
function isSurelyFound({ name, value }: ColumnMapping): string {
  const column = quoteName(name)
  const has = (...classes: readonly string[]) => `typeof(${column}) IN (${classes.map((one) => `'${one}'`).join(', ')})`
  // Beyond 2^53 an integer and the double that is made of it differ.
  const isExactInteger = `(${has('integer')} AND ${column} BETWEEN -9007199254740992 AND 9007199254740992)`
  switch (value.kind) {
    case 'integer':
      return has('integer')
    case 'bytes':
      return has('blob')
    case 'enum':
      return has('text')
    case 'text':
      return value.padded ? '0' : has('text')
    case 'boolean':
      return `(${has('integer')} AND ${column} IN (0, 1))`
    case 'float':
    case 'decimal':
      return `(${has('real')} OR ${isExactInteger})`
    case 'uuid':
      return `(${has('text')} AND length(${column}) = 36 AND ${column} = lower(${column}) COLLATE BINARY)`
    case 'timestamp':
      return `(${has('text')} AND (${instantForms.map((form) => `${column} GLOB '${form}'`).join(' OR ')}) OR ${value.precision >= 3 ? has('integer') : '0'})`
    case 'date':
    case 'time':
    case 'json':
      return '0'
  }
}

/**
 * What a key's value may look like in the file. Most kinds have one form; for the others the forms in use are tried, each
 * by the key's own index. None of them means another value: its row would be taken for this one.
 */
function keyForms(text: string, column: ColumnMapping): readonly RawValue[] {
  const form = (instants: InstantForm) => {
    const value = text === '' ? null : storedValue(text, column, instants)
    return value?.status === 'stored' ? value.value : null
  }
  switch (column.value.kind) {
    case 'integer':
    case 'bytes':
    case 'boolean':
      return [form('text')]
    case 'timestamp':
    case 'date':
    case 'time': {
      const iso = String(form('text') ?? '')
      const others = [iso.replace('+00:00', 'Z'), iso.slice(0, 19).replace('T', ' '), iso.slice(0, 10)]
      return [iso, form('number'), ...others.map((other) => (isStoredAs(other, text, column) ? other : iso))]
    }
    case 'float':
    case 'decimal':
      return [form('text'), text]
    case 'uuid':
      return [text, text.toUpperCase(), text.replaceAll('-', ''), text.replaceAll('-', '').toUpperCase()]
    case 'text':
    case 'enum':
    case 'json':
      return [text]
  }
}

function ownPlace({ mapping, columns }: CarriedTable): SearchedPlace {
  return { table: quoteName(mapping.table), columns: columns.map(({ name }) => name) }
}

/** Under NOCASE two keys of PostgreSQL would be one; the index then is no help, and the right row is found all the same. */
function exactName({ source }: CarriedTable, name: string): string {
  const collation = source.columns.find(({ name: own }) => own === name)?.collation
  return `${quoteName(name)}${collation === undefined || collation === 'BINARY' ? '' : ' COLLATE BINARY'}`
}

function joined(meanings: readonly (string | null)[]): string {
  return JSON.stringify(meanings)
}

function keyColumnsOf({ mapping, key, columns }: Omit<CarriedTable, 'oddKeys'>): readonly ColumnMapping[] {
  return key.map((name) => columns.find((column) => column.name === name) ?? missingKey(mapping.table, name))
}

function missingKey(table: string, column: string): never {
  throw new AppError({ code: 'INTERNAL', message: `The key column ${table}.${column} has no counterpart in the SQLite file.` })
}
