import { spawn, spawnSync } from 'node:child_process'
import { copyFile, rm } from 'node:fs/promises'
import Database from 'better-sqlite3'
import pg from 'pg'
import { timed } from './measure'
import { syncFile } from './sync-file'

export interface PgloaderRun {
  readonly version: string
  readonly wallMs: number
  readonly exitStatus: number | null
  /** Whether every row arrived: a time without that is no measure. */
  readonly isComplete: boolean
  /** What it lost or changed, found by looking. */
  readonly losses: readonly string[]
  /** Time of adding the foreign keys that it lost, as its user has to; 0 where it lost none. */
  readonly foreignKeysMs: number
}

export interface PgloaderTask {
  readonly sourcePath: string
  /** Rows of the source, without `_prisma_migrations`. */
  readonly rows: number
  /** The statements that add them, named as `CONSTRAINT "name"`. */
  readonly foreignKeys: readonly string[]
  /** Makes a fresh database and returns its URL. */
  readonly createDatabase: (name: string) => Promise<string>
  readonly dropDatabase: (name: string) => Promise<void>
}

/**
 * Runs pgloader when it is installed, and looks at what arrived; null when there is none.
 *
 * pgloader 3.6 cannot read the default CURRENT_TIMESTAMP that Prisma gives every `createdAt`: it makes no table and exits 0.
 * When that happens it gets a copy of the file without these defaults, so that there is something to time.
 */
export async function runPgloader(task: PgloaderTask): Promise<PgloaderRun | null> {
  const probe = spawnSync('pgloader', ['--version'], { encoding: 'utf8' })
  if (probe.status !== 0) return null
  const version = /"([^"]+)"/.exec(probe.stdout)?.[1] ?? 'unknown'
  const first = await load(task, task.sourcePath, 'bench_pgloader')
  if (first.arrived > 0) {
    const { arrived, ...run } = first
    return { version, ...run }
  }
  const plainPath = `${task.sourcePath}.pgloader.db`
  try {
    await copyFile(task.sourcePath, plainPath)
    dropTimestampDefaults(plainPath)
    await syncFile(plainPath)
    const second = await load(task, plainPath, 'bench_pgloader_plain')
    const refusal = `everything of the file as it is (default CURRENT_TIMESTAMP refused, exit ${first.exitStatus}), so timed without these defaults`
    const { arrived, ...run } = second
    return { version, ...run, losses: [refusal, ...second.losses] }
  } finally {
    await rm(plainPath, { force: true })
  }
}

async function load(task: PgloaderTask, path: string, database: string) {
  const url = await task.createDatabase(database)
  const { value: exitStatus, wallMs } = await timed(() => run(['--quiet', '--with', 'quote identifiers', `sqlite://${path}`, url]))
  const found = await lookAt(url, task)
  const isComplete = found.arrived === task.rows
  const added = isComplete ? await addForeignKeys(url, task.foreignKeys) : { refused: [], wallMs: 0 }
  await task.dropDatabase(database)
  return { wallMs, exitStatus, isComplete, ...found, losses: [...found.losses, ...added.refused], foreignKeysMs: added.wallMs }
}

/**
 * Adds what is missing by hand, one statement after the other. With `quote identifiers` pgloader 3.6 forgets the quotes in the columns of
 * foreign keys, and goes on when the server refuses them: https://github.com/dimitri/pgloader/issues/1577. Without it every name of the
 * app's model would become another.
 */
async function addForeignKeys(url: string, statements: readonly string[]) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const refused: string[] = []
    const { rows } = await client.query<{ name: string }>(`SELECT conname AS name FROM pg_constraint WHERE contype = 'f'`)
    const missing = rows.length === 0 ? statements : []
    const { wallMs } = await timed(async () => {
      for (const sql of missing) await client.query(sql).catch((error: Error) => refused.push(error.message))
    })
    return { refused, wallMs: missing.length === 0 ? 0 : wallMs }
  } finally {
    await client.end()
  }
}

function run(args: readonly string[]): Promise<number | null> {
  const child = spawn('pgloader', args, { stdio: 'ignore' })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
}

function dropTimestampDefaults(path: string): void {
  const db = new Database(path)
  db.unsafeMode(true)
  db.exec('DROP TABLE IF EXISTS _prisma_migrations')
  db.pragma('writable_schema = ON')
  db.exec(`UPDATE sqlite_master SET sql = replace(sql, ' DEFAULT CURRENT_TIMESTAMP', '') WHERE type = 'table'`)
  db.close()
}

async function lookAt(
  url: string,
  { rows, foreignKeys }: PgloaderTask,
): Promise<{ readonly arrived: number; readonly losses: readonly string[] }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations'`,
    )
    let arrived = 0
    for (const { name } of tables.rows) {
      arrived += (await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${name}`)).rows[0]?.n ?? 0
    }
    const losses = arrived === rows ? [] : [`${rows - arrived} of ${rows} rows`]
    const keys = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM pg_constraint WHERE contype = 'f'`)
    const found = keys.rows[0]?.n ?? 0
    if (found < foreignKeys.length) losses.push(`${foreignKeys.length - found} of ${foreignKeys.length} foreign keys`)
    const types = await client.query<{ column: string; type: string }>(
      `SELECT table_name || '.' || column_name AS column, data_type AS type FROM information_schema.columns
       WHERE table_schema = 'public' AND (data_type = 'real' OR (column_name IN ('metadata', 'properties', 'outline') AND data_type = 'text'))
       ORDER BY 1`,
    )
    for (const { column, type } of types.rows) losses.push(`${column} became ${type}${type === 'real' ? ' (7 digits)' : ''}`)
    return { arrived, losses }
  } finally {
    await client.end()
  }
}
