import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { timed } from './measure'
import { readSchemaScripts } from './schema-scripts'

/** The data of a database as the server reads it fastest. */
export interface PreparedFiles {
  /** Names of the app's tables, quoted, each with its file. */
  readonly tables: readonly { readonly name: string; readonly file: string }[]
  remove(): Promise<void>
}

/**
 * Has the server write one file for each table.
 *
 * @param url of a superuser, of a database that holds the data already
 * @param folder where the files go, in a folder of their own
 */
export async function prepareFiles(url: string, folder: string): Promise<PreparedFiles> {
  const own = join(folder, randomUUID())
  const remove = () => rm(own, { recursive: true, force: true })
  await mkdir(own, { recursive: true })
  // The server writes as a user of its own.
  await chmod(own, 0o777)
  try {
    return { tables: await withClient(url, (client) => exportTables(client, own)), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * What the server itself needs: COPY from files that lie ready on its disk, then the same keys, indexes and foreign keys,
 * one statement after the other. No client can be faster in sequence.
 *
 * @param url of a superuser, of an empty database
 */
export async function measureLimit({ tables }: PreparedFiles, url: string): Promise<{ readonly wallMs: number }> {
  const scripts = await readSchemaScripts()
  const { wallMs } = await timed(() =>
    withClient(url, async (client) => {
      for (const sql of scripts.tables) await client.query(sql)
      for (const { name, file } of tables) await client.query(`COPY ${name} FROM '${file}'`)
      for (const sql of [...scripts.primaryKeys, ...scripts.indexes, ...scripts.foreignKeys]) await client.query(sql)
    }),
  )
  return { wallMs }
}

async function exportTables(client: pg.Client, folder: string): Promise<PreparedFiles['tables']> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(relname) AS name FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations' ORDER BY relname`,
  )
  const tables = rows.map(({ name }, index) => ({ name, file: join(folder, String(index)) }))
  for (const { name, file } of tables) await client.query(`COPY ${name} TO '${file}'`)
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
