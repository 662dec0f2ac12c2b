import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { timed } from './measure'
import { readSchemaScripts } from './schema-scripts'

/**
 * What the server itself needs: COPY from files that lie ready on its disk, then the same keys, indexes and foreign keys,
 * one statement after the other. No client can be faster in sequence.
 *
 * @param migratedUrl a database that holds the data already; the files are written from it by the server
 * @param emptyUrl an empty database; both URLs are a superuser's
 */
export async function measureLimit(migratedUrl: string, emptyUrl: string, folder: string): Promise<{ readonly wallMs: number }> {
  const files = join(folder, randomUUID())
  await mkdir(files, { recursive: true })
  // The server writes as a user of its own.
  await chmod(files, 0o777)
  try {
    const tables = await withClient(migratedUrl, (client) => exportTables(client, files))
    const { tables: empty, primaryKeys, indexes, foreignKeys } = await readSchemaScripts()
    const { wallMs } = await timed(() =>
      withClient(emptyUrl, async (client) => {
        for (const sql of empty) await client.query(sql)
        for (const [index, table] of tables.entries()) await client.query(`COPY ${table} FROM '${join(files, String(index))}'`)
        for (const sql of [...primaryKeys, ...indexes, ...foreignKeys]) await client.query(sql)
      }),
    )
    return { wallMs }
  } finally {
    await rm(files, { recursive: true, force: true })
  }
}

/** Names of the app's tables, quoted, each with a prepared file named by its position. */
async function exportTables(client: pg.Client, files: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(relname) AS name FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations' ORDER BY relname`,
  )
  const tables = rows.map((row) => row.name)
  for (const [index, table] of tables.entries()) await client.query(`COPY ${table} TO '${join(files, String(index))}'`)
  return tables
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
