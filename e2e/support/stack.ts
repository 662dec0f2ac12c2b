import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import getPort from 'get-port'
import pg from 'pg'
import { createDatabase, dropDatabase } from '../../scripts/demo/postgres-database'
import { startScript } from '../../scripts/run-script'
import { commonEnvironment, copyDemoData } from './demo-data'
import { startThrottledProxy, type ThrottledProxy } from './throttled-proxy'

export interface Stack {
  /** The site's address, as people type it. */
  readonly url: string
  /** The app's SQLite file. */
  readonly sqlitePath: string
  /** The app's folder of encrypted CVs. */
  readonly cvData: string
  /** The empty target, by way of the line; TARGET_DATABASE_URL of the app. */
  readonly targetUrl: string
  /** The same database without the line in between. */
  readonly directUrl: string
  /** The line between worker and PostgreSQL. */
  readonly line: ThrottledProxy
  /** Process id of the worker that gives signs of life. */
  workerPid(): number
  /** Kills the worker as the kernel would; web and worker's parent starts another one. */
  killWorker(): Promise<void>
  /** The end of the log of web and worker. */
  log(): Promise<string>
  stop(): Promise<void>
}

const startTimeoutMs = 60_000

/** A whole app in a temporary folder: web and worker as `npm start` runs them, demo data, an empty target. */
export async function startStack(extra: Readonly<Record<string, string>> = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-e2e-stack-'))
  const serverUrl = process.env.E2E_POSTGRES_URL ?? ''
  const databaseName = `e2e_${randomBytes(6).toString('hex')}`
  const { database, cvData } = await copyDemoData(folder)
  const directUrl = await createDatabase(serverUrl, databaseName)
  const line = await startThrottledProxy({ host: '127.0.0.1', port: Number(new URL(serverUrl).port) })
  const targetUrl = withPort(directUrl, line.port)
  const port = await getPort()
  const url = `http://localhost:${port}`
  const env = {
    ...commonEnvironment(folder),
    TARGET_DATABASE_URL: targetUrl,
    NEXT_PUBLIC_SITE_URL: url,
    NEXT_DIST_DIR: process.env.NEXT_DIST_DIR ?? '.next-test',
    NODE_ENV: 'production',
    PORT: String(port),
    ...extra,
  }
  const logFile = join(folder, 'app.log')
  const app = startScript('scripts/start.ts', [], { root: process.cwd(), env, log: logFile })
  const log = async () => (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-60).join('\n')
  const controlPath = join(folder, 'data/control.db')
  let isOver = false
  void app.ended.then(() => {
    isOver = true
  })
  const stop = async () => {
    await app.stop()
    await line.stop()
    await dropDatabase(serverUrl, databaseName)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await waitUntil(async () => {
      if (isOver) throw new Error(`Web and worker ended:\n${await log()}`)
      return livingWorker(controlPath) !== undefined && (await answers(`${url}/sign-in`))
    }, 'web and worker to start')
  } catch (error) {
    const end = await log()
    await stop()
    throw new Error(`The stack did not start:\n${end}`, { cause: error })
  }
  const workerPid = () => {
    const pid = livingWorker(controlPath)
    if (pid === undefined) throw new Error('no worker is alive')
    return pid
  }
  const killWorker = async () => {
    const pid = workerPid()
    process.kill(pid, 'SIGKILL')
    await waitUntil(() => !exists(pid), 'the worker to be gone')
  }
  return { url, sqlitePath: database, cvData, targetUrl, directUrl, line, workerPid, killWorker, log, stop }
}

/** Waits for a condition, asked ten times a second. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = startTimeoutMs): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Runs one query on PostgreSQL. */
export async function queryPostgres(url: string, sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql, [...values])).rows
  } finally {
    await client.end()
  }
}

/** Tables of the target outside of PostgreSQL's own schemas; an empty list is "as empty as it was found". */
export async function listTargetObjects(url: string): Promise<string[]> {
  const rows = await queryPostgres(
    url,
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
     UNION ALL SELECT n.nspname || '.' || t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE t.typtype = 'e' UNION ALL SELECT nspname FROM pg_namespace
     WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'public') AND nspname NOT LIKE 'pg_%' ORDER BY 1`,
  )
  return rows.map((row) => String(row.name))
}

/** Reads the app's SQLite file beside the app. */
export function querySqlite(path: string, sql: string, ...values: unknown[]): Record<string, unknown>[] {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 })
  try {
    return database.prepare<unknown[], Record<string, unknown>>(sql).all(...values)
  } finally {
    database.close()
  }
}

function livingWorker(controlPath: string): number | undefined {
  try {
    const rows = querySqlite(controlPath, 'SELECT pid FROM Worker WHERE stoppedAt IS NULL ORDER BY startedAt DESC')
    return rows.map((row) => Number(row.pid)).find(exists)
  } catch {
    // The control store is not there yet.
    return undefined
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    (response) => response.ok,
    () => false,
  )
}

function withPort(url: string, port: number): string {
  const changed = new URL(url)
  changed.port = String(port)
  return changed.href
}
