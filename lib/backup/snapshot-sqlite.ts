import { chmod, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { throwIfAborted } from '@/lib/core/abort'
import type { SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { safeSql } from '@/lib/core/quoted-name'
import type { CvRow } from '@/lib/cv/check-cv-file'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { disarmChangeLog } from '@/lib/sqlite/change-log'
import { countRows } from '@/lib/sqlite/count-rows'
import { lowerFence, readFence } from '@/lib/sqlite/fence'
import { damageIn } from '@/lib/sqlite/integrity-messages'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { readIntegrity } from '@/lib/sqlite/read-integrity'
import { runAside } from '@/lib/sqlite/run-aside'
import type { DatabaseSnapshot, FileRowQueries } from './database-snapshot'
import type { TableCount } from './manifest'

/** The one member of an SQLite backup: a file that the app can use as it is. */
export const sqliteMember = 'database/app.db'

/** The helper's memory counts as ours: with it a whole backup stays below 200 MiB. */
const copyCacheKiB = 4 * 1024
const checkCacheKiB = 24 * 1024

export interface SnapshotSqliteOptions {
  readonly path: string
  /** Work folder, empty. */
  readonly folder: string
  readonly fileRows: FileRowQueries
  /** Bytes written so far. */
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
}

/**
 * The whole database as it is at one moment, by VACUUM INTO in a process of its own: nobody who writes in WAL mode waits
 * for it, and it can be killed. The result is checked with `integrity_check`. A fence or a
 * change log that stands in the file (a migration is under way) is taken out of the snapshot, so that what is restored takes
 * writes and notes none.
 *
 * @throws AppError LOCAL_DISK_FULL, SOURCE_*, CANCELLED
 */
export async function snapshotSqlite(options: SnapshotSqliteOptions): Promise<DatabaseSnapshot> {
  const { path, folder, signal } = options
  // Says what is wrong with the file where VACUUM INTO would only say that it cannot.
  openSqlite(path, { readonly: true }).close()
  const copy = join(folder, 'app.db')
  const watch = setInterval(() => {
    stat(copy).then(
      ({ size }) => options.onProgress(size),
      () => undefined,
    )
  }, 200)
  try {
    await runAside({ path, readonly: true, sql: safeSql`VACUUM INTO ?`, params: [copy], cacheKiB: copyCacheKiB }, signal)
  } finally {
    clearInterval(watch)
  }
  await chmod(copy, 0o600)
  takeOutOurs(copy)
  await requireIntegrity(copy, signal)
  const db = openSqlite(copy, { readonly: true })
  try {
    const version = z.string().parse(db.prepare('SELECT sqlite_version()').pluck().get())
    const tables = await countSqliteTables(db, signal)
    const reason = 'SQLite: a file that is ready to use.'
    return {
      database: {
        engine: 'sqlite',
        version,
        format: 'sqlite',
        reason,
        schema: null,
        schemaMigrations: readSchemaMigrations(db),
        tables,
        leftOut: [],
      },
      members: [{ name: sqliteMember, path: copy }],
      fileRows: readFileRows(db, options.fileRows),
    }
  } finally {
    db.close()
  }
}

/** Rows of every table of an open file, without holding the event loop. @throws AppError CANCELLED */
export async function countSqliteTables(db: SqliteDatabase, signal: AbortSignal): Promise<readonly TableCount[] & TableCount[]> {
  const counts: TableCount[] = []
  for (const table of readSqliteCatalogue(db).tables) counts.push({ table: table.name, rows: await countTable(db, table, signal) })
  return counts
}

/**
 * Rows that break a rule of their table, and a stale full text index, are no damage: they are taken along as they are.
 *
 * @throws AppError SOURCE_DAMAGED; what SQLite said of it is the cause
 */
export async function requireIntegrity(path: string, signal: AbortSignal): Promise<void> {
  const damage = damageIn(await checkIntegrity(path, signal))
  if (damage.length === 0) return
  throw new AppError({
    code: 'SOURCE_DAMAGED',
    operation: 'check the integrity of a database file',
    subject: basename(path),
    message:
      'The SQLite database is damaged: SQLite cannot follow some of its tables or indexes, so that rows are missing or would be wrong.',
    hint: 'Restore the last good backup, or save what can be read with: sqlite3 FILE ".recover".',
    cause: new Error(damage.slice(0, 20).join('\n')),
  })
}

/** The lines of SQLite's answer, also where the damage is such that it gives none. */
async function checkIntegrity(path: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await readIntegrity({ path, kind: 'whole', cacheKiB: checkCacheKiB }, signal)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SOURCE_DAMAGED') throw error
    return [error.cause instanceof Error ? error.cause.message : error.message]
  }
}

/** Names of the schema migrations that ended well, oldest first; none for a database without Prisma's table. */
export function readSchemaMigrations(db: SqliteDatabase): string[] {
  const hasHistory = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_prisma_migrations'`).get() !== undefined
  if (!hasHistory) return []
  const sql = `SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`
  return z.array(z.string()).parse(db.prepare(sql).pluck().all())
}

async function countTable(db: SqliteDatabase, table: SqliteTable, signal: AbortSignal): Promise<number> {
  const counting = countRows(db, table)
  for (let step = counting.next(); ; step = counting.next()) {
    if (step.done) return step.value
    await setImmediate()
    throwIfAborted(signal)
  }
}

function takeOutOurs(path: string): void {
  const db = openSqlite(path)
  try {
    if (readFence(db) !== null) lowerFence(db)
    // Nobody follows what is written to a restored file.
    disarmChangeLog(db)
  } finally {
    db.close()
  }
}

const fileRow = z.object({ storagePath: z.string(), sizeBytes: z.number(), sha256: z.instanceof(Uint8Array) })

function readFileRows(db: SqliteDatabase, { table, all }: FileRowQueries): CvRow[] {
  if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table) === undefined) return []
  const rows = z.array(fileRow).parse(db.prepare(all).all())
  return rows.map((row) => ({ ...row, sha256: Buffer.from(row.sha256) }))
}
