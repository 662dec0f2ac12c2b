import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import Database from 'better-sqlite3'
import type { DatabaseLocation } from '@/lib/config/environment'
import { AppError } from '@/lib/core/errors'
import { ownConnectionConfig } from '@/lib/postgres/own-connections'
import { schemaOf } from '@/lib/postgres/target-url'
import { applySchemaMigrations, listSchemaMigrations } from '@/lib/schema/schema-migrations'

/** How long to wait for the app's other connections to let go of a SQLite file, in milliseconds. */
const busyTimeoutMs = 5_000

/**
 * Brings the app's database to the data model: applies the schema migrations it has not had, creating the
 * SQLite file (and its folder) when absent. Safe to repeat, also while the app runs. Not for a fenced database:
 * call it when the active state is writable.
 *
 * @param root the app's folder, absolute: the histories are `prisma/migrations` and `prisma/postgresql/migrations`
 * @returns the names of the schema migrations applied now
 * @throws AppError SOURCE_BUSY when a schema migration is due and another process has the SQLite file open
 */
export async function ensureSchema(location: DatabaseLocation, root: string): Promise<readonly string[]> {
  return location.engine === 'sqlite' ? ensureSqliteSchema(location.path, root) : ensurePostgresSchema(location.url, root)
}

async function ensureSqliteSchema(path: string, root: string): Promise<readonly string[]> {
  const folder = join(root, 'prisma/migrations')
  await mkdir(dirname(path), { recursive: true })
  // The engine takes the whole file for itself even when it has nothing to do, and fails beside an app that runs.
  const applied = appliedMigrations(path)
  const due = (await listSchemaMigrations(folder)).filter((name) => !applied.has(name))
  if (due.length === 0) return []
  try {
    return await applySchemaMigrations(new PrismaBetterSqlite3({ url: path, timeout: busyTimeoutMs }), folder)
  } catch (cause) {
    // The engine of this version does not know the adapter's word for SQLITE_BUSY and complains of that.
    if (!String(cause).includes('SocketTimeout')) throw cause
    throw new AppError({
      code: 'SOURCE_BUSY',
      operation: 'apply schema migrations',
      subject: path,
      message: 'The SQLite file needs a schema migration, but another process has it open.',
      hint: 'Stop the app and other tools that have the file open, then start again.',
      retryable: true,
      cause,
    })
  }
}

/** Names of the schema migrations that ended well; none for a file that is absent or was never migrated. */
function appliedMigrations(path: string): ReadonlySet<string> {
  if (!existsSync(path)) return new Set()
  const database = new Database(path, { timeout: busyTimeoutMs })
  try {
    const hasHistory = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_prisma_migrations'").get() !== undefined
    if (!hasHistory) return new Set()
    const finished = 'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL'
    return new Set(database.prepare<[], string>(finished).pluck().all())
  } finally {
    database.close()
  }
}

async function ensurePostgresSchema(targetUrl: string, root: string): Promise<readonly string[]> {
  const factory = new PrismaPg(
    { ...(await ownConnectionConfig(targetUrl)), connectionTimeoutMillis: 5_000 },
    { schema: schemaOf(targetUrl) },
  )
  return applySchemaMigrations(factory, join(root, 'prisma/postgresql/migrations'))
}
