import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Statements of the app's own schema migrations, in the order in which they are carried out. */
export interface SchemaScripts {
  /** Types, and tables without their primary keys. */
  readonly tables: readonly string[]
  readonly primaryKeys: readonly string[]
  readonly indexes: readonly string[]
  readonly foreignKeys: readonly string[]
}

/** Reads them as Prisma writes them: one statement ends with the line. */
export async function readSchemaScripts(): Promise<SchemaScripts> {
  const folder = 'prisma/postgresql/migrations'
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const scripts = await Promise.all(names.sort().map((name) => readFile(join(folder, name, 'migration.sql'), 'utf8')))
  const statements = scripts.flatMap((script) => script.split(/;\s*$/m).filter((sql) => sql.trim() !== ''))
  const isIndex = (sql: string) => /CREATE (UNIQUE )?INDEX/.test(sql)
  const isForeignKey = (sql: string) => /ADD CONSTRAINT "\w+_fkey"/.test(sql)
  const tables = statements.filter((sql) => !isIndex(sql) && !isForeignKey(sql))
  const keys = tables.flatMap((sql) => [...sql.matchAll(/CREATE TABLE ("\w+")[\s\S]*?,\s*(CONSTRAINT "\w+" PRIMARY KEY \([^)]*\))/g)])
  return {
    tables: tables.map((sql) => sql.replace(/,\s*CONSTRAINT "\w+" PRIMARY KEY \([^)]*\)/g, '')),
    primaryKeys: keys.map(([, table, key]) => `ALTER TABLE ${table} ADD ${key}`),
    indexes: statements.filter(isIndex),
    foreignKeys: statements.filter(isForeignKey),
  }
}
