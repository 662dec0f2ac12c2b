import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { migrateDatabase } from '../migrate-database'
import { recoverDatabases } from '../recover'
import { bundleChild } from '../testing/bundle-child'
import { cutOverSteps, goBackSteps } from './protocol'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'killed'

const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE);
INSERT INTO author VALUES (1, 'first'); INSERT INTO book VALUES (1, 1)`

/**
 * One pair of databases is taken through every step of both directions, its process killed after each. The app of this test
 * writes one row after each recovery, on the database that then takes writes; in the end all rows must be there.
 */
describe('a switch whose process is killed', () => {
  let source: TestSqliteDatabase
  let target: TestPostgresDatabase
  let child: string
  let written = 0
  const stateFile = () => join(source.folder, 'state')

  beforeAll(async () => {
    child = await bundleChild('switch-in-child.ts')
    source = await createSqliteDatabase(script)
    target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    const copy = { jobId, sourcePath: source.path, targetUrl: target.url, workDir: source.folder, model: { kind: 'introspect' as const } }
    const result = await migrateDatabase({ ...copy, fenceSource: false, live: true, setAside: false, dryRun: false }, quiet, never)
    expect(result.error).toBeUndefined()
  }, 120_000)

  afterAll(async () => {
    await target?.drop()
    await source?.remove()
    if (child) rmSync(child, { force: true })
  })

  async function run(direction: 'over' | 'back', killAfter: string | null): Promise<void> {
    const options = { sourcePath: source.path, targetUrl: target.url, jobId, freezeLimitMs: 60_000 }
    const order = { direction, killAfter, stateFile: stateFile(), options }
    const [code, signal] = await once(fork(child, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }), 'exit')
    expect([code, signal]).toEqual(killAfter === null ? [0, null] : [null, 'SIGKILL'])
  }

  /** What the control store would say: the last flip that was recorded. */
  function recordedState(): ActiveState {
    const last = existsSync(stateFile()) ? readFileSync(stateFile(), 'utf8').trimEnd().split('\n').at(-1) : undefined
    if (last === 'back') return { status: 'on-sqlite' }
    const known = { jobId, target: { sealedUrl: '', label: '' }, since: new Date().toISOString() }
    return last === 'over' ? { status: 'on-postgresql', ...known } : { status: 'ready-to-switch', mode: 'live', ...known }
  }

  async function recover(): Promise<'sqlite' | 'postgresql'> {
    const state = recordedState()
    const targetUrl = state.status === 'on-sqlite' ? null : target.url
    const recovery = await recoverDatabases({ state, sourcePath: source.path, targetUrl, workDir: source.folder }, quiet, never)
    if (recovery.outcome === 'on-postgresql') return 'postgresql'
    return state.status === 'on-postgresql' ? 'postgresql' : 'sqlite'
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

  async function writeOn(engine: 'sqlite' | 'postgresql'): Promise<void> {
    // Refused by the other one: never do both take writes. (A copy that follows is nobody's to write to, and has no fence.)
    if (engine === 'postgresql') expect(writeSqlite).toThrow('BASCULE_FENCED')
    if (recordedState().status === 'on-sqlite') await expect(writePostgres()).rejects.toThrow('BASCULE_FENCED')
    if (engine === 'sqlite') writeSqlite()
    else await writePostgres()
    written += 1
  }

  // From the record on PostgreSQL goes on, whoever was told; each of the steps after it needs a switch of its own.
  it.each(['wake', 'drain', 'moved'] as const)('on its way to PostgreSQL, after "%s"', async (step) => {
    await run('over', step)
    const engine = await recover()
    expect(engine).toBe(step === 'moved' ? 'postgresql' : 'sqlite')
    // What recovery answers is what is recorded next.
    if (engine === 'postgresql') appendFileSync(stateFile(), 'over\n')
    await writeOn(engine)
  })

  it.each(['fence', 'carry', 'returning', 'flip-back'] as const)('on its way back to SQLite, after "%s"', async (step) => {
    await run('back', step)
    const engine = await recover()
    expect(engine).toBe(step === 'flip-back' ? 'sqlite' : 'postgresql')
    await writeOn(engine)
  })

  it('every step of both directions was one of them, and every row that was written is there once', () => {
    const steps: readonly string[] = [...cutOverSteps, ...goBackSteps]
    // "record" and "flip" are told apart from "moved" by nothing that recovery sees but the state; their tests are beside the code.
    expect(steps).toEqual(['wake', 'drain', 'record', 'moved', 'flip', 'fence', 'carry', 'returning', 'flip-back', 'lower'])
    const db = new Database(source.path, { readonly: true })
    const rows = db.prepare(`SELECT name FROM author WHERE name LIKE 'row %' ORDER BY id`).pluck().all()
    db.close()
    expect(rows).toEqual(Array.from({ length: 7 }, (_, index) => `row ${index + 1}`))
  })
})
