import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import type { DatabaseLocation } from '@/lib/config/environment'
import { applySchemaMigrations } from '@/lib/schema/schema-migrations'

/**
 * Brings the app's database to the data model: applies the schema migrations it has not had, creating the
 * SQLite file (and its folder) when absent. Safe to repeat. Not for a fenced database: call it when the
 * active state is writable.
 *
 * @param root the app's folder, absolute: the histories are `prisma/migrations` and `prisma/postgresql/migrations`
 * @returns the names of the schema migrations applied now
 */
export async function ensureSchema(location: DatabaseLocation, root: string): Promise<readonly string[]> {
  if (location.engine === 'sqlite') {
    await mkdir(dirname(location.path), { recursive: true })
    const factory = new PrismaBetterSqlite3({ url: location.path, timeout: 5_000 })
    return applySchemaMigrations(factory, join(root, 'prisma/migrations'))
  }
  const url = new URL(location.url)
  const schema = url.searchParams.get('schema') ?? 'public'
  url.searchParams.delete('schema')
  const factory = new PrismaPg({ connectionString: url.toString(), connectionTimeoutMillis: 5_000 }, { schema })
  return applySchemaMigrations(factory, join(root, 'prisma/postgresql/migrations'))
}
