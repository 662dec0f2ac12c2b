import { join } from 'node:path'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import type { MigrationResult } from '@/lib/migration/migration-result'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { expectWorded } from '@/tests/support/worded-findings'

/** A migration as the command line makes it, with both of its ends to look at. */
export interface WholeMigration extends AsyncDisposable {
  readonly result: MigrationResult
  readonly source: TestSqliteDatabase
  readonly target: TestPostgresDatabase
  /** Rows of the target, in arrays of PostgreSQL's own text (session in UTC). */
  rows(sql: string): Promise<(string | null)[][]>
}

/**
 * Migrates a new SQLite file to an empty database of a server.
 *
 * @param build SQL of the file, or what fills its path
 * @param prisma the Prisma schema to give; without one the structure is read from the file
 */
export async function migrateWhole(
  server: { readonly url: string },
  build: string | ((path: string) => void),
  prisma?: string,
): Promise<WholeMigration> {
  const source = await createSqliteDatabase(typeof build === 'string' ? build : '')
  if (typeof build !== 'string') build(source.path)
  const target = await createPostgresDatabase(server)
  const result = await migrateDatabase(
    {
      jobId: `job-${target.name}`,
      sourcePath: source.path,
      targetUrl: target.url,
      model: prisma === undefined ? { kind: 'introspect' } : { kind: 'schema', files: [{ path: 'schema.prisma', content: prisma }] },
      workDir: join(source.folder, 'work'),
      fenceSource: false,
      setAside: false,
      dryRun: false,
    },
    () => undefined,
    new AbortController().signal,
  )
  // Whatever was found, the pages have words for it.
  expectWorded(result.findings)
  return {
    result,
    source,
    target,
    rows: (sql) =>
      withPostgres(target.url, async (client) => {
        await client.query(`SET TIME ZONE 'UTC'`)
        const answer = await client.query<(string | null)[]>({
          text: sql,
          rowMode: 'array',
          types: { getTypeParser: () => (text: string) => text },
        })
        return answer.rows
      }),
    [Symbol.asyncDispose]: async () => {
      await target.drop()
      await source[Symbol.asyncDispose]()
    },
  }
}

/** The blocking findings, shortened to what tells a person where to look. */
export function refusals(result: MigrationResult): readonly string[] {
  return result.findings
    .filter((finding) => finding.severity === 'blocks')
    .map(({ code, table, column, key, count }) => `${code} ${table}${column === null ? '' : `.${column}`} ${JSON.stringify(key)} ×${count}`)
}

/** Whether the database holds nothing but what a new one holds. */
export async function isUntouched({ target }: WholeMigration): Promise<boolean> {
  return withPostgres(target.url, async (client) => {
    const { rows } = await client.query(
      `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_%'
       UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' AND nspname NOT IN ('information_schema', 'public')
       UNION ALL SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'public'`,
    )
    return rows.length === 0
  })
}
