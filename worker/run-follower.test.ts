import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, inject, it } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { readFollowStatus } from '@/lib/control/follow-status'
import { databasesLease } from '@/lib/control/lease'
import { createReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { createLogger } from '@/lib/core/logger'
import { createDiscardHandler } from '@/lib/jobs/handlers/discard'
import { createMigrateHandler } from '@/lib/jobs/handlers/migrate'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createTestOwnApp } from '@/tests/support/own-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { runFollower } from './run-follower'

const root = join(import.meta.dirname, '..')
const secret = 'a secret of at least thirty-two characters'
const logger = createLogger('test', 'fatal')
const server = { url: inject('embeddedPostgresUrl') }

it('a live copy follows the app until somebody else is to work on it, goes on afterwards, and ends with the discard', async () => {
  await using source = await createCvsiteDatabase()
  await using target = await createPostgresDatabase(server)
  const store = await openControlStore(join(source.folder, 'control.db'))
  await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
  const dependencies = {
    store,
    sqlitePath: source.path,
    reports: createReportStore(store, verificationResultSchema),
    openTarget: (sealed: { sealedUrl: string }) => openSecret(sealed.sealedUrl, secret),
    migrationsDir: join(root, 'prisma/postgresql/migrations'),
    workDir: source.folder,
    backups: createTestBackupSetup(source.folder, store, source.path),
    ownApp: createTestOwnApp(source.folder, store),
  }
  const context = { jobId: 'migration', requestedBy: 'admin@example.org', report: () => undefined, signal: new AbortController().signal }
  const payload = { target: sealTarget(target.url, true, secret), setAside: false, mode: 'live' as const }
  expect(await createMigrateHandler(dependencies)(payload, context)).toMatchObject({ status: 'succeeded' })
  expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'ready-to-switch', mode: 'live' })

  const app = new Database(source.path)
  app.pragma('foreign_keys = ON')
  const addUser = (id: string) =>
    app
      .prepare(`INSERT INTO "User" (id, email, "passwordHash", "updatedAt") VALUES (?, ?, 'x', '2026-01-01T00:00:00.000+00:00')`)
      .run(id, `${id}@example.org`)
  const arrived = (id: string) =>
    withPostgres(target.url, async (client) => (await client.query('SELECT 1 FROM "User" WHERE id = $1', [id])).rowCount === 1)
  const until = (check: () => Promise<boolean>) => expect.poll(check, { timeout: 60_000, interval: 50 }).toBe(true)

  const shutdown = new AbortController()
  const following = runFollower(
    { store, sqlitePath: source.path, openTarget: dependencies.openTarget, logger, pollMs: 20 },
    shutdown.signal,
  )
  try {
    addUser('first')
    await until(() => arrived('first'))
    await until(async () => (await readFollowStatus(store, 'migration'))?.status === 'following')
    expect((await readFollowStatus(store, 'migration'))?.points.length).toBeGreaterThan(0)

    // Whoever holds the lease finds the target free, and what is written meanwhile waits.
    const request = { name: databasesLease, holder: 'test', purpose: 'test' }
    await withExclusive(store, request, context.signal, async () => {
      const sessions = () =>
        withPostgres(target.url, async (client) => {
          const { rowCount } = await client.query(
            `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'bascule follows%' AND datname = current_database()`,
          )
          return rowCount === 0
        })
      await until(sessions)
      addUser('second')
      expect(await arrived('second')).toBe(false)
    })
    await until(() => arrived('second'))

    const discard = createDiscardHandler(dependencies)
    await withExclusive(store, request, context.signal, (signal) => discard({}, { ...context, signal }))
    expect((await readActiveDatabase(store)).state).toEqual({ status: 'on-sqlite' })
    expect(app.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name LIKE '%bascule%'`).get()).toEqual({ n: 0 })
    addUser('third')
  } finally {
    shutdown.abort()
    await following
    app.close()
    await store.close()
  }
})
