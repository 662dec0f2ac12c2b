import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, inject, it } from 'vitest'
import { z } from 'zod'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { createReportStore } from '@/lib/control/reports'
import { openSecret } from '@/lib/control/secrets'
import { createLogger } from '@/lib/core/logger'
import { createHandlers } from '@/lib/jobs/handlers/create-handlers'
import type { HandlerDependencies } from '@/lib/jobs/handlers/handler-dependencies'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import { createTestBackupSetup, insertCvsIntoSqlite, writeCvs } from '@/tests/support/backup-source'
import { createTestOwnApp } from '@/tests/support/own-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { recover } from './recover'

const root = join(import.meta.dirname, '..')
const secret = 'a secret of at least thirty-two characters'

it('after the switch a backup is restored, and the way back to SQLite carries what it changed', {
  timeout: 300_000,
}, async () => {
  await using sqlite = await createCvsiteDatabase()
  await using target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
  const store = await openControlStore(join(sqlite.folder, 'control.db'))
  try {
    await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
    const backups = createTestBackupSetup(sqlite.folder, store, sqlite.path)
    insertCvsIntoSqlite(sqlite.path, await writeCvs(backups.files.folder, 3))
    const dependencies: HandlerDependencies = {
      store,
      sqlitePath: sqlite.path,
      reports: createReportStore(store, verificationResultSchema),
      openTarget: ({ sealedUrl }) => openSecret(sealedUrl, secret),
      migrationsDir: join(root, 'prisma/postgresql/migrations'),
      workDir: join(sqlite.folder, 'data'),
      backups: { ...backups, source: async () => ({ engine: 'postgresql', url: target.url }) },
      ownApp: createTestOwnApp(sqlite.folder, store),
    }
    const handlers = createHandlers(dependencies)
    const context = (jobId: string) => ({
      jobId,
      requestedBy: 'admin@example.org',
      report: () => undefined,
      signal: new AbortController().signal,
    })
    const query = (sql: string) => withPostgres(target.url, async (client) => (await client.query(sql)).rows)
    const titles = () => query('SELECT id, title FROM "CvFile" ORDER BY id')

    await handlers.migrate({ target: sealTarget(target.url, true, secret), setAside: false }, context('migration'))
    await handlers.cutover({}, context('switch'))
    await query(`UPDATE "CvFile" SET title = 'written on PostgreSQL' WHERE id = 'c1'`)
    const made = await handlers.backup({ includeEnvironment: false, format: 'auto', trial: true, origin: 'manual' }, context('backup'))
    expect(made).toMatchObject({ status: 'succeeded', result: { trial: 'passed' } })
    const { backupId } = z.object({ result: z.object({ backupId: z.string() }) }).parse(made).result
    await query(`UPDATE "CvFile" SET title = 'written since'`)
    await query(`DELETE FROM "CvFile" WHERE id = 'c0'`)
    expect(await handlers.restore({ backupId, parts: 'all', sealedKey: null, from: null }, context('restore'))).toMatchObject({
      status: 'succeeded',
    })
    const restored = [
      { id: 'c0', title: 'CV' },
      { id: 'c1', title: 'written on PostgreSQL' },
      { id: 'c2', title: 'CV' },
    ]
    expect(await titles()).toEqual(restored)
    // Nothing is left to put in order, and a worker that starts finds nothing.
    await recover(dependencies, 'test', createLogger('test', 'fatal'), new AbortController().signal)
    expect(await titles()).toEqual(restored)

    expect(await handlers.rollback({}, context('back'))).toMatchObject({ status: 'succeeded' })
    expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'on-sqlite', former: { how: 'rolled-back' } })
    const db = new Database(sqlite.path, { readonly: true })
    try {
      expect(db.prepare('SELECT id, title FROM "CvFile" ORDER BY id').all()).toEqual(restored)
    } finally {
      db.close()
    }
  } finally {
    await store.close()
  }
})
