import { AppError } from '@/lib/core/errors'
import { quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { type RawValue, storageClassOf } from '@/lib/sqlite/values/raw-value'
import { type InstantForm, isStoredAs, type StoredValue, storedValue } from '@/lib/sqlite/values/stored-value'
import type { CarriedColumn, CarriedTable } from './carry-plan'

/** Writes the rows of one table into the file. In the caller's transaction. */
export interface RowWriter {
  /** Rows are found by the table's key; otherwise all rows of the table are replaced. */
  readonly isKeyed: boolean
  /** The key's values, 'true' when there is such a row, its values: as PostgreSQL prints them. Takes the old row out. */
  take(row: readonly (string | null)[]): void
  /** Puts the new rows in. Call it once all tables have taken theirs. */
  finish(): void
}

/**
 * A row that means the same already is left alone; of one that changed, a value that means the same keeps its form.
 *
 * @param index unlike that of any other writer of the same transaction
 * @throws AppError VALUE_REFUSED when SQLite cannot hold a value, or refuses a row
 */
export function createRowWriter(db: SqliteDatabase, table: CarriedTable, index: number, isKeyed: boolean): RowWriter {
  const { mapping, columns } = table
  const name = quoteName(mapping.table)
  const draft = `temp.${quoteName(`_bascule_carried_${index}`)}`
  const fields = columns.map((_, at) => `c${at}`)
  const list = quoteNames(columns.map((column) => column.name))
  // Without types, so that every value arrives in the class it was given.
  db.exec(`DROP TABLE IF EXISTS ${draft}; CREATE TABLE ${draft} (${fields.join(', ')})`)
  const put = db.prepare(`INSERT INTO ${draft} VALUES (${fields.map(() => '?').join(', ')})`)
  const finish = () => {
    try {
      db.exec(`INSERT INTO ${name} (${list}) SELECT ${fields.join(', ')} FROM ${draft}`)
    } catch (error) {
      throw refusedRow(mapping.table, error)
    }
    db.exec(`DROP TABLE ${draft}`)
  }
  if (!isKeyed) {
    db.exec(`DELETE FROM ${name}`)
    const take: RowWriter['take'] = ([, ...texts]) =>
      void put.run(...columns.map((column, at) => encode(mapping.table, column, texts[at] ?? null)))
    return { isKeyed, take, finish }
  }
  const { condition, find, valuesOf, parts } = createRowFinder(db, table)
  const remove = db.prepare(`DELETE FROM ${name} WHERE ${condition}`)
  const take: RowWriter['take'] = (row) => {
    const key = valuesOf(row)
    const isThere = row[parts] === 'true'
    const texts = row.slice(parts + 1)
    const known = find(key)
    if (isThere && known && columns.every((column, at) => isStoredAs(known[at] ?? null, texts[at] ?? null, column))) return
    if (known) remove.run(...key)
    if (isThere) put.run(...columns.map((column, at) => encode(mapping.table, column, texts[at] ?? null, known?.[at])))
  }
  return { isKeyed, take, finish }
}

/** Finds a row of the file by a key as PostgreSQL prints it. */
export interface RowFinder {
  /** For a WHERE; takes what `valuesOf` answers. */
  readonly condition: string
  /** How many columns the key has. */
  readonly parts: number
  /** Every form of the key's values, from a row that begins with them. */
  valuesOf(row: readonly (string | null)[]): readonly RawValue[]
  /** The row's values in the order of the table's columns. */
  find(key: readonly RawValue[]): readonly RawValue[] | undefined
}

export function createRowFinder(db: SqliteDatabase, table: CarriedTable): RowFinder {
  const { mapping, columns } = table
  const keyColumns = table.key.map((key) => columns.find((column) => column.name === key) ?? missingKey(mapping.table, key))
  const condition = keyColumns
    .map((column) => {
      // Under NOCASE two keys of PostgreSQL would be one; the index then is no help, and the right row is found all the same.
      const collation = table.source.columns.find(({ name: own }) => own === column.name)?.collation
      const exact = collation === undefined || collation === 'BINARY' ? '' : ' COLLATE BINARY'
      return `${quoteName(column.name)}${exact} IN (${keyForms('', column)
        .map(() => '?')
        .join(', ')})`
    })
    .join(' AND ')
  const list = quoteNames(columns.map((column) => column.name))
  const select = db
    .prepare(`SELECT ${list} FROM ${quoteName(mapping.table)} WHERE ${condition}`)
    .raw()
    .safeIntegers()
  return {
    condition,
    parts: keyColumns.length,
    valuesOf: (row) => keyColumns.flatMap((column, at) => keyForms(row[at] ?? '', column)),
    // What better-sqlite3 answers is what a column of SQLite can hold.
    find: (key) => select.get(...key) as readonly RawValue[] | undefined,
  }
}

function encode(table: string, column: CarriedColumn, text: string | null, known?: RawValue): RawValue {
  if (text === null) return null
  if (known !== undefined && isStoredAs(known, text, column)) return known
  const stored = storedValue(text, column, known == null ? column.instants : instantFormOf(known))
  if (stored.status === 'stored') return stored.value
  throw new AppError({
    code: 'VALUE_REFUSED',
    operation: 'carry changes back to SQLite',
    subject: `${table}.${column.name}`,
    message: refusals[stored.reason](table, column.name),
    hint:
      stored.reason === 'instant-too-fine'
        ? `On PostgreSQL cut it (date_trunc('milliseconds', "${column.name}")), as Prisma reads it, then switch back. Nothing was changed.`
        : 'Correct the row on PostgreSQL, then switch back. Nothing was changed.',
  })
}

type Refusal = Extract<StoredValue, { status: 'refused' }>['reason']

const refusals: Readonly<Record<Refusal, (table: string, column: string) => string>> = {
  'not-a-number': (table, column) => `A row of ${table} has NaN in ${column}, which SQLite would keep as NULL.`,
  'instant-out-of-range': (table, column) =>
    `A row of ${table} has a date in ${column} that lies outside of the years 1 to 9999, which Prisma cannot read from SQLite.`,
  'instant-too-fine': (table, column) =>
    `A row of ${table} has a time in ${column} that is finer than a millisecond, for which Prisma has no place on SQLite.`,
}

function instantFormOf(known: Exclude<RawValue, null>): InstantForm {
  const kept = storageClassOf(known)
  return kept === 'integer' || kept === 'real' ? 'number' : 'text'
}

/**
 * What a key's value may look like in the file. Most kinds have one form; for the others every form in use is tried, each
 * by the key's own index.
 */
function keyForms(text: string, column: CarriedColumn): readonly RawValue[] {
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
      return [iso, form('number'), iso.replace('+00:00', 'Z'), iso.slice(0, 19).replace('T', ' '), iso.slice(0, 10)]
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

function refusedRow(table: string, cause: unknown): AppError {
  return new AppError({
    code: 'VALUE_REFUSED',
    operation: 'carry changes back to SQLite',
    subject: table,
    message: `SQLite refuses a row of ${table} that PostgreSQL holds: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'The rules of the two databases differ for this table. Correct the row on PostgreSQL, then switch back. Nothing was changed.',
    cause,
  })
}

function missingKey(table: string, column: string): never {
  throw new AppError({ code: 'INTERNAL', message: `The key column ${table}.${column} has no counterpart in the SQLite file.` })
}
