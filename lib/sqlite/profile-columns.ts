import { z } from 'zod'
import type { SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { quoteName } from '@/lib/core/quoted-name'
import { type ColumnProfile, chooseType, isDeclaredBytes } from '@/lib/schema/column-type'
import { findStrangers } from './find-strangers'
import type { SqliteDatabase } from './open-database'

const nullableBig = z.bigint().nullable()
const count = z
  .bigint()
  .nullable()
  .transform((value) => Number(value ?? 0n))
const statsSchema = z.tuple([count, count, count, count, nullableBig, nullableBig, count, count, count, count, count])

/** Bytes of a text that has more characters than a varchar may have (10,485,760), in UTF-8 or UTF-16. */
const longBytes = 44_000_000

/** SQLite answers at most 2,000 columns; eleven for each of ours. */
const columnsPerRead = 180

/**
 * What values each column of a table really holds, in one read of it (one more for every 180 columns). Blocks its thread.
 * Generated columns are part of it.
 */
export function profileColumns(db: SqliteDatabase, table: SqliteTable): ReadonlyMap<string, ColumnProfile> {
  const profiles = new Map<string, ColumnProfile>()
  for (let from = 0; from < table.columns.length; from += columnsPerRead) {
    const columns = table.columns.slice(from, from + columnsPerRead)
    const sql = `SELECT ${columns.map((column) => measures(column.name)).join(',')} FROM ${quoteName(table.name)}`
    const row = z.array(z.union([z.bigint(), z.null()])).parse(db.prepare(sql).raw().safeIntegers().get())
    columns.forEach((column, index) => {
      const [integers, reals, texts, blobs, smallest, largest, longestText, dates, times, fine, seconds] = statsSchema.parse(
        row.slice(index * 11, index * 11 + 11),
      )
      const ends = withDefault(column, smallest, largest)
      const counts = { integers, reals, texts, blobs, ...ends, longestText, dates, times, fine, seconds }
      const { widened } = chooseType(column, counts)
      const strangers = widened === null ? null : findStrangers(db, table, column.name, widened.by)
      profiles.set(column.name, { ...counts, strangers, isDeclaredBytes: isDeclaredBytes(column) })
    })
  }
  return profiles
}

/** The smallest and the largest integer that the column holds or fills in: a new row is to have its default too. */
function withDefault({ declaredType, defaultSql }: SqliteColumn, smallest: bigint | null, largest: bigint | null) {
  const digits = /^[\s(]*([+-]?\d{1,19})[\s)]*$/.exec(defaultSql ?? '')?.[1]
  if (digits === undefined || !declaredType.includes('INT')) return { smallest, largest }
  const value = BigInt(digits.replace('+', ''))
  if (BigInt.asIntN(64, value) !== value) return { smallest, largest }
  return {
    smallest: smallest === null || value < smallest ? value : smallest,
    largest: largest === null || value > largest ? value : largest,
  }
}

function measures(name: string): string {
  const value = quoteName(name)
  const isInteger = `typeof(${value})='integer'`
  const isText = `typeof(${value})='text'`
  const isShort = `${isText} AND octet_length(${value})<=20`
  return [
    `sum(${isInteger})`,
    `sum(typeof(${value})='real')`,
    `sum(${isText})`,
    `sum(typeof(${value})='blob')`,
    `min(CASE WHEN ${isInteger} THEN ${value} END)`,
    `max(CASE WHEN ${isInteger} THEN ${value} END)`,
    // Longer than any varchar, whatever its characters are; counting them would make a second copy in a file of UTF-16.
    `max(CASE WHEN ${isText} THEN CASE WHEN octet_length(${value})>${longBytes} THEN octet_length(${value})/4 ELSE length(${value}) END END)`,
    `sum(CASE WHEN ${isShort} THEN ${value} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' ELSE 0 END)`,
    `sum(CASE WHEN ${isShort} THEN ${value} GLOB '[0-9][0-9]:[0-9][0-9]:[0-9][0-9]' ELSE 0 END)`,
    `sum(CASE WHEN ${isText} AND octet_length(${value})<=80 THEN ${value} GLOB '*[0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9]*' ELSE 0 END)`,
    // Too near to 1970 to be milliseconds, and no Julian day.
    `sum(CASE typeof(${value}) WHEN 'real' THEN ${value}<>CAST(${value} AS INTEGER) AND abs(${value})<1e11 AND ${value} NOT BETWEEN 1721425 AND 5373485 ELSE 0 END)`,
  ].join(',')
}
