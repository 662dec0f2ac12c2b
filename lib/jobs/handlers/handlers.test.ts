import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { ensureSchema } from '@/lib/database/ensure-schema'
import type { JobHandlers } from '@/lib/jobs/job-handler'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { openSqlite } from '@/lib/sqlite/open-database'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createTestOwnApp } from '@/tests/support/own-app'
import { createHandlers } from './create-handlers'
import type { HandlerDependencies } from './handler-dependencies'

const root = join(import.meta.dirname, '../../..')
const secret = 'a secret of at least thirty-two characters'
const contextOf = (jobId: string, signal = new AbortController().signal) => ({
  jobId,
  requestedBy: 'admin@example.org',
  report: () => undefined,
  signal,
})

let folder: string
let store: ControlStore
let server: pg.Client
let databaseName: string
let targetUrl: string
let dependencies: HandlerDependencies
let handlers: JobHandlers
const sqlitePath = () => join(folder, 'app.db')
const status = async () => (await readActiveDatabase(store)).state.status

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-handlers-'))
  store = await openControlStore(join(folder, 'control.db'))
  await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
  await ensureSchema({ engine: 'sqlite', path: sqlitePath() }, root)
  server = new pg.Client(inject('embeddedPostgresUrl'))
  await server.connect()
  databaseName = `handlers_${process.pid}_${Date.now()}`
  await server.query(`CREATE DATABASE ${databaseName}`)
  const url = new URL(inject('embeddedPostgresUrl'))
  url.pathname = databaseName
  targetUrl = url.toString()
  const reports = createReportStore(store, verificationResultSchema)
  dependencies = {
    store,
    reports,
    sqlitePath: sqlitePath(),
    openTarget: (target) => openSecret(target.sealedUrl, secret),
    migrationsDir: join(root, 'prisma/postgresql/migrations'),
    workDir: join(folder, 'data'),
    backups: createTestBackupSetup(folder, store, sqlitePath()),
    ownApp: createTestOwnApp(folder, store),
  }
  handlers = createHandlers(dependencies)
})
afterEach(async () => {
  await store.close()
  await server.query(`DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`)
  await server.end()
  await rm(folder, { recursive: true, force: true })
})

describe('the way there and back', () => {
  it('migrates, verifies, switches and switches back, the state and the fence always saying the same', async () => {
    addUser('anna')
    const payload = { target: sealTarget(targetUrl, true, secret), setAside: false }
    expect(await handlers.migrate(payload, contextOf('migration'))).toMatchObject({ status: 'succeeded' })
    expect(await status()).toBe('ready-to-switch')
    expect(() => addUser('late')).toThrow(/BASCULE_FENCED/)

    expect(await handlers.verify({}, contextOf('proof'))).toMatchObject({
      status: 'succeeded',
      result: { reportId: 'proof', differing: [] },
    })
    const reports = await dependencies.reports.list(10)
    expect(reports.map((report) => report.id).sort()).toEqual(['migration', 'proof'])
    expect(reports.flatMap(({ result }) => result.tables).find((table) => table.table === 'User')).toMatchObject({
      sourceRows: 1,
      targetRows: 1,
    })

    await handlers.cutover({}, contextOf('switch'))
    expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'on-postgresql', jobId: 'migration' })
    expect(() => addUser('late')).toThrow(/BASCULE_FENCED/)

    expect(await handlers.rollback({}, contextOf('back'))).toMatchObject({
      status: 'succeeded',
      result: { carried: 0 },
    })
    expect(await status()).toBe('on-sqlite')
    addUser('again')
  })

  it('gives up a finished copy', async () => {
    expect(await handlers.migrate({ target: sealTarget(targetUrl, true, secret), setAside: false }, contextOf('migration'))).toMatchObject({
      status: 'succeeded',
    })
    await handlers.discard({}, contextOf('discard'))
    expect(await status()).toBe('on-sqlite')
    addUser('again')
    expect(await tablesInTarget()).toBe(0)
  })
})

describe('a migration that fails', () => {
  it('returns the app to SQLite when the target is not there', async () => {
    const away = sealTarget('postgresql://app:hunter2@127.0.0.1:9/app', true, secret)
    const outcome = await handlers.migrate({ target: away, setAside: false }, contextOf('migration'))
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'TARGET_UNREACHABLE', hint: expect.any(String) } })
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
    expect(await status()).toBe('on-sqlite')
    addUser('still writing')
  })

  it('returns the app to SQLite when it is cancelled before it begins', async () => {
    const target = sealTarget(targetUrl, true, secret)
    const outcome = await handlers.migrate({ target, setAside: false }, contextOf('migration', AbortSignal.abort()))
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } })
    expect(await status()).toBe('on-sqlite')
    expect(await tablesInTarget()).toBe(0)
  })
})

describe('a job in the wrong state', () => {
  it('is refused and changes nothing', async () => {
    for (const refused of [
      handlers.cutover({}, contextOf('j')),
      handlers.discard({}, contextOf('j')),
      handlers.verify({}, contextOf('j')),
      handlers.rollback({}, contextOf('j')),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'STATE_CONFLICT', hint: expect.any(String) })
    }
    expect((await readActiveDatabase(store)).version).toBe(1)
  })
})

function addUser(name: string): void {
  const db = openSqlite(sqlitePath())
  try {
    const now = new Date().toISOString()
    db.prepare('INSERT INTO "User" (id, email, createdAt, updatedAt) VALUES (?, ?, ?, ?)').run(name, `${name}@example.org`, now, now)
  } finally {
    db.close()
  }
}

async function tablesInTarget(): Promise<number> {
  const client = new pg.Client(targetUrl)
  await client.connect()
  const { rows } = await client.query(
    `SELECT count(*)::int AS found FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  await client.end()
  return rows[0].found
}
