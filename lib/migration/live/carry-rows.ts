import { AppError } from '@/lib/core/errors'
import { quoteName, quoteNames } from '@/lib/core/quoted-name'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { type RawValue, storageClassOf } from '@/lib/sqlite/values/raw-value'
import { type InstantForm, isStoredAs, type StoredValue, storedValue } from '@/lib/sqlite/values/stored-value'
import type { CarriedColumn, CarriedTable } from './carried-table'
import { createRowFinder, keyCondition } from './carry-keys'
import { rowWords } from './row-words'

/** Writes the rows of one table into the file. In the caller's transaction. */
export interface RowWriter {
  /** Rows are found by the table's key; otherwise all rows of the table are replaced. */
  readonly isKeyed: boolean
  /** A row that must have been in the file was not found there. It may stand there under another key, and then is there twice. */
  readonly hasMissed: boolean
  /**
   * The key's values, 'true' when the row came since the last round, 'true' when it is there now, its values: as PostgreSQL
   * prints them; of a table that is replaced, 'true' and the values. Takes the old row out.
   */
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
      throw refusedRow(table, findRefused(db, table, draft), error)
    }
    db.exec(`DROP TABLE ${draft}`)
  }
  if (!isKeyed) {
    db.exec(`DELETE FROM ${name}`)
    const take: RowWriter['take'] = ([, ...texts]) => void put.run(...columns.map((column, at) => encode(table, column, texts, at)))
    return { isKeyed, hasMissed: false, take, finish }
  }
  const { find, parts } = createRowFinder(db, table)
  const remove = db.prepare(`DELETE FROM ${name} WHERE ${keyCondition(table)}`)
  const keyPlaces = table.key.map((part) => columns.findIndex((column) => column.name === part))
  let hasMissed = false
  const take: RowWriter['take'] = (row) => {
    const isNew = row[parts] === 'true'
    const isThere = row[parts + 1] === 'true'
    const texts = row.slice(parts + 2)
    const known = find(row)
    if (isThere && known && columns.every((column, at) => isStoredAs(known[at] ?? null, texts[at] ?? null, column))) return
    if (known ? remove.run(...keyPlaces.map((at) => known[at] ?? null)).changes !== 1 : !isNew) hasMissed = true
    if (isThere) put.run(...columns.map((column, at) => encode(table, column, texts, at, known?.[at])))
  }
  return {
    isKeyed,
    get hasMissed() {
      return hasMissed
    },
    take,
    finish,
  }
}

function encode(table: CarriedTable, column: CarriedColumn, texts: readonly (string | null)[], at: number, known?: RawValue): RawValue {
  const text = texts[at] ?? null
  if (text === null) return null
  if (known !== undefined && isStoredAs(known, text, column)) return known
  const stored = storedValue(text, column, known == null ? column.instants : instantFormOf(known))
  if (stored.status === 'stored') return stored.value
  throw new AppError({
    code: 'VALUE_REFUSED',
    operation: 'carry changes back to SQLite',
    subject: `${table.mapping.table}.${column.name}`,
    message: `In ${rowOf(table, texts)} ${refusals[stored.reason](column.name)}`,
    hint:
      stored.reason === 'instant-too-fine'
        ? `On PostgreSQL cut it (date_trunc('milliseconds', "${column.name}")), as Prisma reads it, then switch back. Nothing was changed.`
        : 'Correct the row on PostgreSQL, then switch back. Nothing was changed.',
  })
}

type Refusal = Extract<StoredValue, { status: 'refused' }>['reason']

const refusals: Readonly<Record<Refusal, (column: string) => string>> = {
  'not-a-number': (column) => `${column} is NaN, which SQLite would keep as NULL.`,
  'instant-out-of-range': (column) =>
    `${column} has a date that lies outside of the years 1 to 9999, which Prisma cannot read from SQLite.`,
  'instant-too-fine': (column) => `${column} has a time that is finer than a millisecond, for which Prisma has no place on SQLite.`,
}

function rowOf({ mapping, key, columns }: CarriedTable, texts: readonly (string | null)[]): string {
  const values = key.map((name) => [name, texts[columns.findIndex((column) => column.name === name)] ?? null] as const)
  return rowWords(mapping.table, Object.fromEntries(values))
}

/** The first row of a draft that SQLite refuses, tried one by one; null where that cannot be told. In a transaction that is given up. */
function findRefused(db: SqliteDatabase, { mapping, key, columns }: CarriedTable, draft: string): string | null {
  // A rule of the table may have ended the transaction (ON CONFLICT ROLLBACK).
  if (!db.inTransaction) return null
  const fields = columns.map((_, at) => `c${at}`)
  const list = quoteNames(columns.map(({ name }) => name))
  const insert = db.prepare(`INSERT INTO ${quoteName(mapping.table)} (${list}) SELECT ${fields.join(', ')} FROM ${draft} WHERE rowid = ?`)
  for (const rowid of db.prepare(`SELECT rowid FROM ${draft} ORDER BY rowid`).pluck().all()) {
    try {
      insert.run(rowid)
    } catch {
      const parts = key.map((name) => `CAST(c${columns.findIndex((column) => column.name === name)} AS TEXT)`)
      if (parts.length === 0) return null
      // Each is a text by its cast, or NULL.
      const values = db
        .prepare(`SELECT ${parts.join(', ')} FROM ${draft} WHERE rowid = ?`)
        .raw()
        .get(rowid) as (string | null)[]
      return rowWords(mapping.table, Object.fromEntries(key.map((name, at) => [name, values[at] ?? null])))
    }
  }
  return null
}

function instantFormOf(known: Exclude<RawValue, null>): InstantForm {
  const kept = storageClassOf(known)
  return kept === 'integer' || kept === 'real' ? 'number' : 'text'
}

function refusedRow({ mapping: { table } }: CarriedTable, row: string | null, cause: unknown): AppError {
  return new AppError({
    code: 'VALUE_REFUSED',
    operation: 'carry changes back to SQLite',
    subject: table,
    message: `SQLite refuses ${row ?? `a row of ${table}`} that PostgreSQL holds: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'The rules of the two databases differ for this table. Correct the row on PostgreSQL, then switch back. Nothing was changed.',
    cause,
  })
}
