import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { rowidName } from '@/lib/sqlite/count-rows'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { canonicalSource, type SourceValue } from './canonical-value'
import { printKeyValue } from './print-key'
import { type KeyPart, keyParts } from './row-order'

/** A row's key as reports print it: column name → text; of a table without one, `rowid` in the source and `ctid` in the target. */
export type PrintedKey = Readonly<Record<string, string>>

export interface RowCondition {
  /** Without WHERE. */
  readonly sql: string
  readonly params: readonly unknown[]
}

/**
 * The condition that finds a row of the source by its printed key. Where the stored form may differ from the printed one
 * (dates, decimals, UUIDs) every row's key is printed and compared: slower, and never wrong.
 *
 * @returns null where the row has no such key on this side
 */
export function sourceCondition(db: SqliteDatabase, table: SqliteTable, mapping: TableMapping, key: PrintedKey): RowCondition | null {
  const parts = keyParts(mapping)
  if (!parts || parts.some(({ name }) => key[name] === undefined)) {
    const rowid = rowidName(table)
    return key.rowid === undefined || rowid === null ? null : { sql: `${rowid} = ?`, params: [BigInt(key.rowid)] }
  }
  db.function('bascule_printed_key', { deterministic: true, safeIntegers: true }, (place: unknown, value: unknown) => {
    const part = parts[Number(place)]
    // What better-sqlite3 hands to a function is what a column of SQLite can hold.
    return part ? printKeyValue(canonicalSource(value as SourceValue, part.value), part) : null
  })
  return {
    sql: parts.map((part, place) => sourcePart(part, place)).join(' AND '),
    params: parts.map((part) => sourceParam(part, key[part.name] ?? '')),
  }
}

function sourcePart(part: KeyPart, place: number): string {
  const name = quoteName(part.name)
  return part.directClass === null ? `bascule_printed_key(${place}, ${name}) = ?` : `${name} = ? COLLATE BINARY`
}

function sourceParam(part: KeyPart, text: string): unknown {
  if (part.directClass === 'integer' && /^-?\d+$/.test(text)) return BigInt(text)
  if (part.directClass === 'blob') return Buffer.from(text.slice(1), 'hex')
  return text
}

/** The same for the target; the server turns the printed key into the columns' own types. Null where there is no such key. */
export function targetCondition(mapping: TableMapping, key: PrintedKey): RowCondition | null {
  const parts = keyParts(mapping)
  if (!parts || parts.some(({ name }) => key[name] === undefined))
    return key.ctid === undefined ? null : { sql: 'ctid = $1::tid', params: [key.ctid] }
  return {
    sql: parts.map(({ name }, place) => `${quoteName(name)} = $${place + 1}`).join(' AND '),
    params: parts.map((part) => targetParam(part, key[part.name] ?? '')),
  }
}

/** A printed value of a key as PostgreSQL reads it. */
export function targetParam({ value }: Pick<KeyPart, 'value'>, text: string): string {
  return value.kind === 'bytes' ? `\\x${text.slice(1)}` : text
}
