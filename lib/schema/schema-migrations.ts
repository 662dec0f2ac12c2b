import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { withSchemaEngine } from './schema-engine'

/**
 * Applies every schema migration of a folder that the database has not had yet, as `prisma migrate deploy`
 * does, `_prisma_migrations` included. Safe to repeat. Returns the names that were applied now.
 */
export async function applySchemaMigrations(factory: SqlMigrationAwareDriverAdapterFactory, folder: string): Promise<readonly string[]> {
  const migrationsList = await readMigrations(folder)
  return withSchemaEngine(factory, undefined, async (engine) => {
    const result = await engine.applyMigrations({ migrationsList, filters: { externalTables: [], externalEnums: [] } })
    return result.appliedMigrationNames
  })
}

/** The names of the schema migrations in a folder, oldest first. */
export async function listSchemaMigrations(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function readMigrations(folder: string) {
  const names = await listSchemaMigrations(folder)
  const migrationDirectories = await Promise.all(
    names.map(async (name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(folder, name, 'migration.sql'), 'utf8') },
      },
    })),
  )
  const lockfile = await readFile(join(folder, 'migration_lock.toml'), 'utf8')
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: lockfile },
    shadowDbInitScript: '',
    migrationDirectories,
  }
}
