import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { createLogger } from '@/lib/core/logger'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { createHandlers } from '@/lib/jobs/handlers/create-handlers'
import type { HandlerDependencies } from '@/lib/jobs/handlers/handler-dependencies'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { cutOver } from '@/lib/migration/cut-over'
import { rollBack } from '@/lib/migration/roll-back'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createTestOwnApp } from '@/tests/support/own-app'
import { recover } from './recover'

const root = join(import.meta.dirname, '..')
const secret = 'a secret of at least thirty-two characters'
const never = new AbortController().signal
const logger = createLogger('test', 'fatal')
const ignore = () => undefined
const killed = () => Promise.reject(new Error('killed'))

let folder: string
let store: ControlStore
let server: pg.Client
let databaseName: string
let targetUrl: string
let dependencies: HandlerDependencies
const state = async () => (await readActiveDatabase(store)).state

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-recover-'))
  const sqlitePath = join(folder, 'app.db')
  store = await openControlStore(join(folder, 'control.db'))
  await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
  await ensureSchema({ engine: 'sqlite', path: sqlitePath }, root)
  server = new pg.Client(inject('embeddedPostgresUrl'))
  await server.connect()
  databaseName = `recover_${process.pid}_${Date.now()}`
  await server.query(`CREATE DATABASE ${databaseName}`)
  const url = new URL(inject('embeddedPostgresUrl'))
  url.pathname = databaseName
  targetUrl = url.toString()
  dependencies = {
    store,
    sqlitePath,
    reports: createReportStore(store, verificationResultSchema),
    openTarget: (target) => openSecret(target.sealedUrl, secret),
    migrationsDir: join(root, 'prisma/postgresql/migrations'),
    workDir: join(folder, 'data'),
    backups: createTestBackupSetup(folder, store, sqlitePath),
    ownApp: createTestOwnApp(folder, store),
  }
  const payload = { target: sealTarget(targetUrl, true, secret), setAside: false }
  const context = { jobId: 'migration', requestedBy: 'admin@example.org', report: ignore, signal: never }
  expect(await createHandlers(dependencies).migrate(payload, context)).toMatchObject({ status: 'succeeded' })
})
afterEach(async () => {
  await store.close()
  await server.query(`DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`)
  await server.end()
  await rm(folder, { recursive: true, force: true })
})

describe('a worker that was killed', () => {
  it('between the cut-over record and the flip: PostgreSQL wins, once and for all', async () => {
    const options = { sourcePath: join(folder, 'app.db'), targetUrl, jobId: 'migration' }
    await expect(cutOver(options, killed, ignore, never)).rejects.toThrow('killed')
    expect(await state()).toMatchObject({ status: 'ready-to-switch' })
    await recoverNow()
    expect(await state()).toMatchObject({ status: 'on-postgresql', jobId: 'migration' })
    const { version } = await readActiveDatabase(store)
    await recoverNow()
    expect((await readActiveDatabase(store)).version).toBe(version)
  })

  it('before the flip of a switch back: the app stays on PostgreSQL, which takes writes', async () => {
    const ready = await readActiveDatabase(store)
    const { target } = ready.state as { target: { sealedUrl: string; label: string } }
    const since = new Date().toISOString()
    const options = { sourcePath: join(folder, 'app.db'), targetUrl, jobId: 'migration' }
    const flip = async () => {
      await transitionActiveDatabase(store, {
        from: ready.version,
        to: { status: 'on-postgresql', jobId: 'migration', target, since },
        actor: 'test',
      })
    }
    await cutOver(options, flip, ignore, never)
    const back = { sourcePath: join(folder, 'app.db'), targetUrl }
    await expect(rollBack(back, killed, ignore, never)).rejects.toThrow('killed')
    await expect(insertIntoTarget('refused')).rejects.toThrow()
    await recoverNow()
    expect(await state()).toMatchObject({ status: 'on-postgresql' })
    await insertIntoTarget('taken')
  })

  it('while it discarded a copy: the copy is gone and the app is on SQLite', async () => {
    const ready = await readActiveDatabase(store)
    const { target } = ready.state as { target: { sealedUrl: string; label: string } }
    const undoing = { status: 'migrating', jobId: 'migration', target, since: new Date().toISOString() } as const
    await transitionActiveDatabase(store, { from: ready.version, to: undoing, actor: 'discard, killed here' })
    await recoverNow()
    expect(await state()).toEqual({ status: 'on-sqlite' })
    await expect(insertIntoTarget('nowhere')).rejects.toThrow(/does not exist/)
  })
})

async function recoverNow(): Promise<void> {
  await recover(dependencies, 'test', logger, never)
}

async function insertIntoTarget(name: string): Promise<void> {
  const client = new pg.Client(targetUrl)
  await client.connect()
  try {
    const sql = `INSERT INTO "User" (id, email, "updatedAt") VALUES ($1, $2, now())`
    await client.query(sql, [name, `${name}@example.org`])
  } finally {
    await client.end()
  }
}
