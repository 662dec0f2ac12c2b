import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOverLive } from '../live/cut-over-live'
import { migrateDatabase } from '../migrate-database'
import { recoverDatabases } from '../recover'
import { rollBack } from '../roll-back'

export type Engine = 'sqlite' | 'postgresql'

/**
 * An app's two databases, and what its control store would say, for tests that break something in a switch between them: the app
 * of these tests writes one row after each recovery, on the database that then takes writes; in the end all rows must be there.
 */
export interface SwitchedPair extends AsyncDisposable {
  readonly source: TestSqliteDatabase
  /** Without whatever a test puts in between. */
  readonly target: Pick<TestPostgresDatabase, 'url'>
  readonly stateFile: string
  /** For switches; the limit is one that no machine passes. */
  readonly options: { readonly sourcePath: string; readonly targetUrl: string; readonly jobId: string; readonly freezeLimitMs: number }
  flip(direction: 'over' | 'back'): () => Promise<void>
  /** Brings the pair in order as a worker that starts would, and answers where the app is. */
  recover(): Promise<Engine>
  /** Writes a row there, and shows that the other side takes none. */
  writeOn(engine: Engine): Promise<void>
  /** By switching undisturbed, where it is not there yet; to PostgreSQL from a copy made anew. A copy follows on `sqlite`. */
  bringTo(engine: Engine): Promise<void>
  /** Every row that was written, once, wherever the app is. */
  expectAllRows(): Promise<void>
}

const never = new AbortController().signal
const quiet = () => undefined
const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE);
INSERT INTO author VALUES (1, 'first'); INSERT INTO book VALUES (1, 1)`

/** Two databases with a copy that follows. @param url of a server; a database of its own is made there */
export async function createSwitchedPair(url: string): Promise<SwitchedPair> {
  const source = await createSqliteDatabase(script)
  const target = await createPostgresDatabase({ url })
  const stateFile = join(source.folder, 'state')
  let jobId = 'first'
  let copies = 0
  let written = 0

  const lastFlip = () => (existsSync(stateFile) ? readFileSync(stateFile, 'utf8').trimEnd().split('\n').at(-1) : undefined)
  const recordedState = (): ActiveState => {
    const last = lastFlip()
    if (last === 'back') return { status: 'on-sqlite' }
    const known = { jobId, target: { sealedUrl: '', label: '' }, since: new Date().toISOString() }
    return last === 'over' ? { status: 'on-postgresql', ...known } : { status: 'ready-to-switch', mode: 'live', ...known }
  }
  const copy = async () => {
    copies += 1
    jobId = `copy-${copies}`
    rmSync(stateFile, { force: true })
    const made = { jobId, sourcePath: source.path, targetUrl: target.url, workDir: source.folder, model: { kind: 'introspect' as const } }
    const result = await migrateDatabase({ ...made, fenceSource: false, live: true, setAside: copies > 1, dryRun: false }, quiet, never)
    expect(result.error).toBeUndefined()
  }
  const writeSqlite = () => {
    const db = new Database(source.path, { timeout: 10_000 })
    try {
      db.prepare('INSERT INTO author (name) VALUES (?)').run(`row ${written + 1}`)
    } finally {
      db.close()
    }
  }
  const writePostgres = () =>
    withPostgres(target.url, (client) => client.query('INSERT INTO author (name) VALUES ($1)', [`row ${written + 1}`]))

  const pair: SwitchedPair = {
    source,
    target,
    stateFile,
    get options() {
      return { sourcePath: source.path, targetUrl: target.url, jobId, freezeLimitMs: 60_000 }
    },
    flip: (direction) => async () => appendFileSync(stateFile, `${direction}\n`),
    async recover() {
      const state = recordedState()
      const targetUrl = state.status === 'on-sqlite' ? null : target.url
      const recovery = await recoverDatabases({ state, sourcePath: source.path, targetUrl, workDir: source.folder }, quiet, never)
      // What recovery answers is what is recorded next.
      if (recovery.outcome === 'on-postgresql') appendFileSync(stateFile, 'over\n')
      return recovery.outcome === 'on-postgresql' || state.status === 'on-postgresql' ? 'postgresql' : 'sqlite'
    },
    async writeOn(engine) {
      // Refused by the other one: never do both take writes. (A copy that follows is nobody's to write to, and has no fence.)
      if (engine === 'postgresql') expect(writeSqlite).toThrow('BASCULE_FENCED')
      if (recordedState().status === 'on-sqlite') await expect(writePostgres()).rejects.toThrow('BASCULE_FENCED')
      if (engine === 'sqlite') writeSqlite()
      else await writePostgres()
      written += 1
    },
    async bringTo(engine) {
      const last = lastFlip()
      if (engine === 'sqlite' && last === undefined) return
      if (engine === 'sqlite') {
        if (last === 'over') await rollBack(pair.options, pair.flip('back'), quiet, never)
        return copy()
      }
      if (last === 'over') return
      if (last === 'back') await copy()
      await cutOverLive(pair.options, pair.flip('over'), quiet, never)
    },
    async expectAllRows() {
      const sql = `SELECT name FROM author WHERE name LIKE 'row %' ORDER BY id`
      const db = new Database(source.path, { readonly: true })
      const rows =
        lastFlip() === 'over'
          ? (await withPostgres(target.url, (client) => client.query(sql))).rows.map(({ name }) => String(name))
          : db.prepare(sql).pluck().all()
      db.close()
      expect(rows).toEqual(Array.from({ length: written }, (_, index) => `row ${index + 1}`))
    },
    [Symbol.asyncDispose]: async () => {
      await target.drop()
      await source.remove()
    },
  }
  await copy()
  return pair
}
