import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listSchemaMigrations } from './schema-migrations'

/** A row of `_prisma_migrations`, as far as it tells what became of a schema migration. */
export interface AppliedMigration {
  readonly name: string
  readonly checksum: string
  readonly finished: boolean
  readonly rolledBack: boolean
}

/** How a database's history stands to a folder of schema migrations. Names, oldest first. */
export interface HistoryState {
  readonly applied: readonly string[]
  /** In the folder and not in the database. */
  readonly pending: readonly string[]
  /** In the database and not in the folder: a newer version of the app has been here. */
  readonly ahead: readonly string[]
  /** Begun, neither finished nor rolled back. */
  readonly failed: readonly string[]
  /** Applied with another text than the folder has now. */
  readonly edited: readonly string[]
}

/** Holds the rows of `_prisma_migrations` against the folder they should come from. Pure but for reading the folder. */
export async function readHistoryState(rows: readonly AppliedMigration[], folder: string): Promise<HistoryState> {
  const names = await listSchemaMigrations(folder)
  const checksums = new Map(await Promise.all(names.map(async (name) => [name, await checksumOf(folder, name)] as const)))
  return compareHistory(rows, checksums)
}

/** @param checksums of the folder, by name, oldest first */
export function compareHistory(rows: readonly AppliedMigration[], checksums: ReadonlyMap<string, string>): HistoryState {
  const finished = rows.filter((row) => row.finished && !row.rolledBack)
  const applied = new Set(finished.map(({ name }) => name))
  return {
    applied: [...applied],
    pending: [...checksums.keys()].filter((name) => !applied.has(name)),
    ahead: [...applied].filter((name) => !checksums.has(name)),
    failed: rows.filter((row) => !row.finished && !row.rolledBack && !applied.has(row.name)).map(({ name }) => name),
    edited: finished.filter(({ name, checksum }) => checksums.has(name) && checksums.get(name) !== checksum).map(({ name }) => name),
  }
}

/** As Prisma computes it: SHA-256 of the script, hex. */
async function checksumOf(folder: string, name: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, name, 'migration.sql')))
    .digest('hex')
}
