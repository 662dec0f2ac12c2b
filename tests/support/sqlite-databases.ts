import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import Database from 'better-sqlite3'
import { applySchemaMigrations, listSchemaMigrations } from '@/lib/schema/schema-migrations'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

export interface TestSqliteDatabase extends AsyncDisposable {
  /** Absolute path of the file, alone in a folder of its own. */
  readonly path: string
  /** That folder; room for work files. */
  readonly folder: string
  /** Removes the folder. `await using` calls it too. */
  remove(): Promise<void>
}

/** A new folder under the system's temporary one, removed by `await using`. */
export async function createTemporaryFolder(name = 'test'): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `bascule-${name}-`))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A SQLite file with cvsite's schema and no rows, in WAL mode as the app uses it. Copied from a cached template. */
export async function createCvsiteDatabase(): Promise<TestSqliteDatabase> {
  const template = await ensureTemplate()
  return createFrom((path) => copyFile(template, path))
}

/** A SQLite file made by a script of SQL statements; for structures and values that cvsite does not have. */
export async function createSqliteDatabase(script: string): Promise<TestSqliteDatabase> {
  return createFrom(async (path) => {
    const database = new Database(path)
    try {
      database.exec(script)
    } finally {
      database.close()
    }
  })
}

async function createFrom(fill: (path: string) => Promise<void>): Promise<TestSqliteDatabase> {
  const folder = await createTemporaryFolder('sqlite')
  const path = join(folder.path, 'app.db')
  await fill(path)
  const remove = async () => folder[Symbol.asyncDispose]()
  return { path, folder: folder.path, remove, [Symbol.asyncDispose]: remove }
}

/** The migrated file, kept between runs under a name that changes with the schema migrations. */
async function ensureTemplate(): Promise<string> {
  const migrations = join(import.meta.dirname, '../../prisma/migrations')
  const digest = createHash('sha256')
  for (const name of await listSchemaMigrations(migrations))
    digest.update(name).update(await readFile(join(migrations, name, 'migration.sql')))
  const cache = join(import.meta.dirname, '../../node_modules/.cache/bascule')
  const template = join(cache, `cvsite-${digest.digest('hex').slice(0, 16)}.db`)
  if (await stat(template).catch(() => undefined)) return template
  await mkdir(cache, { recursive: true })
  const draft = `${template}.${process.pid}`
  await applySchemaMigrations(new PrismaBetterSqlite3({ url: `file:${draft}` }), migrations)
  // The schema engine lets go of its connection only when collected; a copy has no one on it and may become WAL.
  await copyFile(draft, `${draft}.copy`)
  const database = new Database(`${draft}.copy`)
  database.pragma('journal_mode = WAL')
  database.close()
  await rename(`${draft}.copy`, template)
  await rm(draft, { force: true })
  return template
}
