import { stat } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { quoteName } from '@/lib/core/quoted-name'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { countRows, rowidName } from '@/lib/sqlite/count-rows'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import type { Overview, OverviewTable } from './overview-schema'

/** Beyond this size the pages of each table are not counted: dbstat reads every page, about 1 GB/s, in one go. */
const largestForDbstatBytes = 64 * 1024 * 1024

/** The overview of a SQLite file. */
export async function readSqliteOverview(path: string, timeoutMs: number): Promise<Overview> {
  const deadline = performance.now() + timeoutMs
  const db = openSqlite(path, { readonly: true, busyTimeoutMs: Math.min(timeoutMs, 500) })
  try {
    const catalogue = readSqliteCatalogue(db)
    const unknown: { part: string; reason: string }[] = []
    const sizeBytes = catalogue.pageCount * catalogue.pageSize
    const tables: OverviewTable[] = []
    for (const table of catalogue.tables) {
      const part = `table ${table.name}`
      const rows = await attempt(part, unknown, () => countOrEstimate(db, table, deadline))
      const tableSize = await attempt(part, unknown, () => tableSizeBytes(db, table, sizeBytes, deadline))
      tables.push({ table: table.name, rows: rows?.rows ?? null, rowsExact: rows?.exact ?? false, sizeBytes: tableSize })
    }
    if (sizeBytes > largestForDbstatBytes)
      unknown.push({ part: 'table sizes', reason: 'Not read from a file of more than 64 MiB, because every page would have to be read.' })
    return {
      engine: 'sqlite',
      label: pathLabel(path),
      version: catalogue.version,
      readAt: new Date().toISOString(),
      sizeBytes,
      users: usersOf(tables),
      tables,
      sqlite: {
        journalMode: catalogue.journalMode,
        pageSizeBytes: catalogue.pageSize,
        pages: catalogue.pageCount,
        freePages: z.number().parse(db.pragma('freelist_count', { simple: true })),
        walSizeBytes: (await stat(`${path}-wal`).catch(() => null))?.size ?? 0,
      },
      postgresql: null,
      unknown,
    }
  } finally {
    db.close()
  }
}

/** The exact number of users, when there is one. */
export function usersOf(tables: readonly OverviewTable[]): number | null {
  const users = tables.find(({ table }) => table === 'User')
  return users?.rowsExact ? users.rows : null
}

/** Runs one part; when it fails the answer is null and the reason is noted. */
export async function attempt<T>(part: string, unknown: { part: string; reason: string }[], read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    unknown.push({ part, reason: error instanceof Error ? error.message : String(error) })
    return null
  }
}

/** Counts in slices until the time is up; then the span of rowids, which is an upper estimate and costs nothing. */
async function countOrEstimate(db: SqliteDatabase, table: SqliteTable, deadline: number): Promise<{ rows: number; exact: boolean } | null> {
  const counting = countRows(db, table)
  for (let step = counting.next(); ; step = counting.next()) {
    if (step.done) return { rows: step.value, exact: true }
    if (performance.now() > deadline) return { rows: Math.max(step.value, rowidSpan(db, table)), exact: false }
    await setImmediate()
  }
}

function rowidSpan(db: SqliteDatabase, table: SqliteTable): number {
  const rowid = rowidName(table)
  if (rowid === null) return 0
  const ends = ['min', 'max'].map((end) =>
    Number(
      db
        .prepare(`SELECT ${end}(${rowid}) FROM ${quoteName(table.name)}`)
        .pluck()
        .get(),
    ),
  )
  return (ends[1] ?? 0) - (ends[0] ?? 0) + 1
}

async function tableSizeBytes(db: SqliteDatabase, table: SqliteTable, fileBytes: number, deadline: number): Promise<number | null> {
  if (fileBytes > largestForDbstatBytes || performance.now() > deadline) return null
  await setImmediate()
  const size = db.prepare('SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ? AND aggregate = 1').pluck()
  const names = z
    .array(z.string())
    .parse(db.prepare('SELECT name FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0').pluck().all(table.name))
  return names.reduce((sum, name) => sum + Number(size.get(name)), 0)
}

/** Relative to the working folder, when it lies inside. */
export function pathLabel(path: string): string {
  const inside = relative(process.cwd(), path)
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside
}
