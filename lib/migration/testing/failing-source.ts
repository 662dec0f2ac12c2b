import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import type { SchemaModel } from '../schema-plan'

/**
 * A source with one row that only PostgreSQL refuses: the value is fine for its type, but the target's model, a history
 * written by hand, has a CHECK that SQLite does not know. So it passes every check of ours and fails in mid-copy.
 *
 * @param check what does not hold for -1, the value of row 4321
 */
export async function createFailingSource(check = 'v > 0'): Promise<TestSqliteDatabase & { readonly model: SchemaModel }> {
  const { mkdir, writeFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const source = await createSqliteDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, CASE i WHEN 4321 THEN -1 ELSE i END FROM n`)
  const folder = join(source.folder, 'migrations')
  await mkdir(join(folder, '20240101000000_first'), { recursive: true })
  await writeFile(join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeFile(
    join(folder, '20240101000000_first', 'migration.sql'),
    `CREATE TABLE "t" ("id" INTEGER NOT NULL PRIMARY KEY, "v" INTEGER NOT NULL CHECK (${check}));\n`,
  )
  return { ...source, model: { kind: 'history', folder } }
}
