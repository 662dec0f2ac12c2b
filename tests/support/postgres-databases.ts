import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { applySchemaMigrations } from '@/lib/schema/schema-migrations'

export interface TestPostgresDatabase extends AsyncDisposable {
  readonly name: string
  /** URL of the superuser on this database. */
  readonly url: string
  /** Drops the database, whoever is still connected. `await using` calls it too. */
  drop(): Promise<void>
}

const templateName = 'bascule_template_cvsite'
const templateLock = 4_217_001

/**
 * A database of its own on one of the run's servers (see postgres-servers.ts), empty or with cvsite's schema.
 * The schema is migrated once a server and cloned after that (about 60 ms).
 *
 * @param server an element of `inject('postgresServers')`, or `{ url: inject('embeddedPostgresUrl') }`
 */
export async function createPostgresDatabase(
  server: { readonly url: string },
  options: { readonly schema: 'empty' | 'cvsite' } = { schema: 'empty' },
): Promise<TestPostgresDatabase> {
  const name = `bascule_test_${randomBytes(6).toString('hex')}`
  await withAdmin(server.url, async (admin) => {
    if (options.schema === 'cvsite') await ensureTemplate(admin, server.url)
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${options.schema === 'cvsite' ? templateName : 'template0'}`)
  })
  const drop = () => withAdmin(server.url, (admin) => dropDatabase(admin, name))
  return { name, url: databaseUrl(server.url, name), drop, [Symbol.asyncDispose]: drop }
}

/** Runs `use` with a connection to a database and closes it after. */
export async function withPostgres<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  // Tests end sessions and stop servers: what was cut is told by the next statement.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

async function withAdmin<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  return withPostgres(url, use)
}

/** Several test files may ask at once: one makes the template under a lock, the others wait for it. */
async function ensureTemplate(admin: pg.Client, serverUrl: string): Promise<void> {
  await admin.query('SELECT pg_advisory_lock($1)', [templateLock])
  try {
    const existing = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [templateName])
    if (existing.rowCount) return
    const draft = `${templateName}_draft`
    await dropDatabase(admin, draft)
    await admin.query(`CREATE DATABASE ${draft} TEMPLATE template0`)
    const folder = join(import.meta.dirname, '../../prisma/postgresql/migrations')
    await applySchemaMigrations(new PrismaPg({ connectionString: databaseUrl(serverUrl, draft) }), folder)
    // The adapter's pool may let go a moment later; a database in use can neither be renamed nor cloned.
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [draft])
    await renameWhenFree(admin, draft, templateName)
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [templateLock])
  }
}

async function renameWhenFree(admin: pg.Client, from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.query(`ALTER DATABASE ${from} RENAME TO ${to}`)
      return
    } catch (error) {
      const inUse = error instanceof pg.DatabaseError && error.code === '55006'
      if (!inUse || attempt === 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
}
