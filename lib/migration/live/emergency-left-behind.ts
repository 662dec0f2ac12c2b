import type pg from 'pg'
import { z } from 'zod'
import { throwIfAborted } from '@/lib/core/abort'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { countChanges, netChangesSql } from '@/lib/postgres/change-log'
import type { CopyMark } from '@/lib/postgres/copy-mark'
import { armedSince, readCapturedTables } from '@/lib/sqlite/change-log'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { convertValue } from '@/lib/sqlite/values/convert-value'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { isStoredAs } from '@/lib/sqlite/values/stored-value'
import type { CarriedTable } from './carried-table'
import { createRowFinder } from './carry-keys'
import { planCarry } from './carry-plan'

/** A row whose last state on PostgreSQL is not in the SQLite file, as one line of the list has it. */
export const leftBehindRowSchema = z.object({
  table: z.string(),
  operation: z.enum(['inserted', 'updated', 'deleted']),
  /** As PostgreSQL prints it. */
  key: z.record(z.string(), z.string().nullable()),
  /** Whether the app has changed the same row on SQLite since; null where that was not noted. */
  changedOnSqlite: z.boolean().nullable(),
  /** As PostgreSQL has it; null for a deleted one. */
  postgresql: z.record(z.string(), z.string().nullable()).nullable(),
  /** As the SQLite file has it now, in the words of PostgreSQL; null where there is none. */
  sqlite: z.record(z.string(), z.string().nullable()).nullable(),
})
export type LeftBehindRow = z.infer<typeof leftBehindRowSchema>

const count = z.number().int().nonnegative()

export const leftBehindSchema = z.object({
  /** Rows that are another thing on PostgreSQL than in the file, each once; and the writes to tables without a key. */
  total: count,
  /** Of these, rows that the app has changed on SQLite as well since. */
  changedOnBothSides: count,
  tables: z.array(
    z.object({ table: z.string(), inserted: count, updated: count, deleted: count, changedOnBothSides: count, withoutKey: count }),
  ),
})
export type LeftBehind = z.infer<typeof leftBehindSchema>
type TableSum = { -readonly [K in keyof LeftBehind['tables'][number]]: LeftBehind['tables'][number][K] }

export interface LeftBehindSides {
  /** The closed database. */
  readonly client: pg.Client
  readonly mark: CopyMark
  /** The app's file, which is in use; opened read-only. */
  readonly db: SqliteDatabase
  /** The log that was armed when the app came back to the file: `armedSince`. Null where there is none. */
  readonly log: string | null
}

/**
 * Names every row that was written on PostgreSQL and is not in the SQLite file: the rows that PostgreSQL's change log names,
 * without those that are the same on both sides (carried before the server went, or entered again by hand). Reads both
 * sides in one snapshot each, and changes nothing.
 *
 * @param take receives the rows table by table, in the order in which they were first written
 * @throws AppError STRUCTURE_UNSUPPORTED when the tables of the two sides are no longer the same ones; TARGET_*, SOURCE_*
 */
export async function listLeftBehind(
  { client, mark, db, log }: LeftBehindSides,
  take: (row: LeftBehindRow) => Promise<void>,
  signal: AbortSignal,
): Promise<LeftBehind> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  db.exec('BEGIN')
  try {
    const plan = await planCarry(db, client, mark)
    const touched = log !== null && armedSince(db) === log ? readTouched(db) : null
    const sums: TableSum[] = []
    for (const { table, inserted, updated, deleted } of await countChanges(client)) {
      const carried = plan.tables.find(({ mapping }) => mapping.table === table)
      const sum = { table, inserted: 0, updated: 0, deleted: 0, changedOnBothSides: 0, withoutKey: 0 }
      if (carried && carried.key.length > 0) await listTable({ client, db, table: carried, touched }, sum, take, signal)
      else sum.withoutKey = inserted + updated + deleted
      if (totalOf(sum) > 0) sums.push(sum)
    }
    return {
      total: sums.reduce((total, sum) => total + totalOf(sum), 0),
      changedOnBothSides: sums.reduce((total, sum) => total + sum.changedOnBothSides, 0),
      tables: sums,
    }
  } finally {
    if (db.inTransaction) db.exec('COMMIT')
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

function totalOf({ inserted, updated, deleted, withoutKey }: TableSum): number {
  return inserted + updated + deleted + withoutKey
}

interface Listed {
  readonly client: pg.Client
  readonly db: SqliteDatabase
  readonly table: CarriedTable
  readonly touched: ReadonlyMap<string, Touched> | null
}

const batch = 200

async function listTable(
  { client, db, table, touched }: Listed,
  sum: TableSum,
  take: (row: LeftBehindRow) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { mapping, key, columns } = table
  const from = qualifiedName(mapping.targetSchema, mapping.table)
  const on = key.map((name) => `t.${quoteName(name)} = r.${quoteName(name)}`).join(' AND ')
  const fields = [
    ...key.map((name) => `r.${quoteName(name)}::text`),
    '(t.ctid IS NOT NULL)::text',
    ...columns.map(({ name }) => `t.${quoteName(name)}::text`),
  ]
  await client.query(
    `DECLARE bascule_left NO SCROLL CURSOR FOR SELECT r.net::text, ${fields.join(', ')}
     FROM (${netChangesSql(mapping.targetSchema, mapping.table, key)}) r LEFT JOIN ${from} t ON ${on} ORDER BY r.first`,
  )
  const finder = createRowFinder(db, table)
  const isTouched = touched?.get(mapping.table)?.finder(table) ?? null
  for (;;) {
    throwIfAborted(signal)
    const { rows } = await client.query<(string | null)[]>({ text: `FETCH ${batch} FROM bascule_left`, rowMode: 'array' })
    if (rows.length === 0) break
    for (const [net, ...row] of rows) {
      const known = finder.find(row)
      const texts = row[key.length] === 'true' ? row.slice(key.length + 1) : null
      const isSame =
        texts === null || known === undefined
          ? texts === null && known === undefined
          : columns.every((column, at) => isStoredAs(known[at] ?? null, texts[at] ?? null, column))
      if (isSame) continue
      const operation = texts === null ? 'deleted' : known === undefined || net === 'I' ? 'inserted' : 'updated'
      const changedOnSqlite = isTouched?.(row) ?? null
      sum[operation] += 1
      if (changedOnSqlite === true) sum.changedOnBothSides += 1
      const named = (values: readonly (string | null)[]) => Object.fromEntries(columns.map(({ name }, at) => [name, values[at] ?? null]))
      await take({
        table: mapping.table,
        operation,
        key: Object.fromEntries(key.map((name, at) => [name, row[at] ?? null])),
        changedOnSqlite,
        postgresql: texts === null ? null : named(texts),
        sqlite: known === undefined ? null : named(columns.map((column, at) => shown(known[at] ?? null, column))),
      })
    }
  }
  await client.query('CLOSE bascule_left')
}

/** As PostgreSQL would print it; what it could not hold, as SQLite has it. */
function shown(raw: RawValue, column: CarriedTable['columns'][number]): string | null {
  if (raw === null) return null
  const converted = convertValue(raw, column, null)
  if (converted.status !== 'refused') return converted.text
  return Buffer.isBuffer(raw) ? `\\x${raw.toString('hex')}` : String(raw)
}

/** The keys of one table that the app has written on SQLite. */
interface Touched {
  /** Null where the two sides know the table's rows by different columns. */
  finder(table: CarriedTable): ((row: readonly (string | null)[]) => boolean) | null
}

function readTouched(db: SqliteDatabase): ReadonlyMap<string, Touched> {
  return new Map(
    (readCapturedTables(db) ?? []).map((captured) => {
      const finder: Touched['finder'] = (table) => {
        if (table.key.length !== captured.key.length || !table.key.every((name) => captured.key.includes(name))) return null
        const keys = `temp.${quoteName(`_bascule_touched_${captured.number}`)}`
        const parts = captured.key.map((name, at) => `k${at} AS ${quoteName(name)}`)
        db.exec(
          `DROP TABLE IF EXISTS ${keys};
           CREATE TABLE ${keys} AS SELECT DISTINCT ${parts.join(', ')} FROM _bascule_change WHERE t = ${captured.number};
           CREATE INDEX temp.${quoteName(`_bascule_touched_${captured.number}_key`)} ON ${quoteName(`_bascule_touched_${captured.number}`)} (${captured.key.map(quoteName).join(', ')})`,
        )
        const finder = createRowFinder(db, table, { table: keys, columns: table.key })
        return (row) => finder.find(row) !== undefined
      }
      return [captured.table, { finder }]
    }),
  )
}
