import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, inject, it } from 'vitest'
import type { BackupSource, PostgresFormat } from '@/lib/backup/database-snapshot'
import { noKeys } from '@/lib/backup/encryption'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { previewRestore, restoreBackup } from '@/lib/backup/restore-backup'
import { startScratchServer } from '@/lib/backup/scratch-server'
import { trialBackup } from '@/lib/backup/trial-backup'
import { openControlStore } from '@/lib/control/control-store'
import { writeDemoData } from '@/lib/cvsite/demo-data/write-demo-data'
import { copyBack } from '@/lib/migration/copy-back'
import { copyFileWith } from '@/lib/migration/copy-file'
import { createTestBackupSetup, insertCvsIntoPostgres, insertCvsIntoSqlite, writeCvs } from './support/backup-source'
import { testCvKey } from './support/cvsite-app'
import { createPostgresDatabase, withPostgres } from './support/postgres-databases'
import { createCvsiteDatabase } from './support/sqlite-databases'

const never = new AbortController().signal
const ignore = () => undefined

it('an SQLite backup is restored into the app on PostgreSQL through the migration engine, and undone', { timeout: 240_000 }, async () => {
  await using sqlite = await createCvsiteDatabase()
  await using database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') }, { schema: 'cvsite' })
  await using store = await openControlStore(join(sqlite.folder, 'control.db')).then((opened) => ({
    opened,
    [Symbol.asyncDispose]: () => opened.close(),
  }))
  let source: BackupSource = { engine: 'sqlite', path: sqlite.path }
  const setup: BackupSetup = {
    ...createTestBackupSetup(sqlite.folder, store.opened, sqlite.path),
    source: async () => source,
    copyFile: copyFileWith(join(import.meta.dirname, '..')),
  }
  const cvs = await writeCvs(setup.files.folder, 4)
  insertCvsIntoSqlite(sqlite.path, cvs)
  const backup = await makeBackup(
    setup,
    { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', trial: false },
    ignore,
    never,
  )

  // As one from elsewhere: by a role that can do no more than own its scratch database.
  await store.opened.write((transaction) => transaction.backup.update({ where: { id: backup.id }, data: { origin: 'upload' } }))
  source = { engine: 'postgresql', url: database.url }
  await insertCvsIntoPostgres(database.url, cvs.slice(0, 2))
  const restore = (id: string) =>
    restoreBackup(setup, { id, parts: 'all', requestedBy: 'admin', jobId: null, holder: 'test' }, ignore, never)
  const rows = () =>
    withPostgres(database.url, async (client) => {
      const sql = `SELECT id, octet_length(sha256) AS bytes, "createdAt" > now() AT TIME ZONE 'UTC' - interval '1 day' AS recent FROM "CvFile" ORDER BY id`
      return (await client.query(sql)).rows
    })
  const preview = await previewRestore(setup, backup.id, never)
  expect(preview).toMatchObject({ archiveEngine: 'sqlite', presentEngine: 'postgresql', parts: ['all', 'database', 'files'] })
  expect(preview.tables).toContainEqual({ table: 'CvFile', archiveRows: 4, presentRows: 2 })
  const { safetyBackupId } = await restore(backup.id)
  expect(await rows()).toEqual(['c0', 'c1', 'c2', 'c3'].map((id) => ({ id, bytes: 32, recent: true })))
  await restore(safetyBackupId)
  expect(await rows()).toHaveLength(2)
})

const root = join(import.meta.dirname, '..')
const embeddedUrl = inject('embeddedPostgresUrl')
// Dumps of pg_dump are of a server that is not newer than it; the one that came with it is.
const systemUrl = inject('postgresServers').find(({ url }) => url !== embeddedUrl)?.url ?? null
const formats: readonly PostgresFormat[] = systemUrl === null ? ['portable'] : ['portable', 'custom', 'plain']

it.each(formats)(
  'a PostgreSQL backup (%s) is restored into the app on SQLite, value for value, and undone',
  { timeout: 240_000 },
  async (format) => {
    await using sqlite = await createCvsiteDatabase()
    await using database = await createPostgresDatabase({ url: format === 'portable' ? embeddedUrl : (systemUrl ?? '') })
    await using store = await openControlStore(join(sqlite.folder, 'control.db')).then((opened) => ({
      opened,
      [Symbol.asyncDispose]: () => opened.close(),
    }))
    const test = createTestBackupSetup(sqlite.folder, store.opened, sqlite.path)
    const { folder: cvFolder, key: cvKey } = test.files
    expect(cvKey).toEqual(testCvKey)
    await writeDemoData({ path: sqlite.path, users: 4, seed: 'across', cvFolder, cvKey, maxCvFiles: 4 })
    const before = contentOf(sqlite.path)
    await copyFileWith(root)(sqlite.path, database.url, join(sqlite.folder, 'copying'), ignore, never)
    // The migration's own bookkeeping is no part of the app.
    await withPostgres(database.url, (client) => client.query('DROP SCHEMA IF EXISTS bascule CASCADE'))

    let source: BackupSource = { engine: 'postgresql', url: database.url }
    const setup: BackupSetup = {
      ...test,
      source: async () => source,
      copyBack,
      // The one that the app starts by itself, once; the others are quicker on a server that runs already.
      startServer:
        format === 'portable'
          ? (signal) => startScratchServer({ root, folder: test.folder, fallbackUrl: null }, signal)
          : async () => ({ url: systemUrl ?? '', stop: async () => undefined }),
    }
    const wish = { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', trial: false, format } as const
    const backup = await makeBackup(setup, wish, ignore, never)
    expect(backup.format).toBe(format)
    // Tried and read as one from elsewhere.
    await store.opened.write((transaction) => transaction.backup.update({ where: { id: backup.id }, data: { origin: 'upload' } }))

    source = { engine: 'sqlite', path: sqlite.path }
    const live = new Database(sqlite.path)
    live.exec(`DELETE FROM "CreditTransaction"; UPDATE "User" SET name = 'changed'`)
    const changed = contentOf(sqlite.path)
    const preview = await previewRestore(setup, backup.id, never)
    expect(preview).toMatchObject({ archiveEngine: 'postgresql', presentEngine: 'sqlite', parts: ['all', 'database', 'files'] })
    expect((await trialBackup(setup, { id: backup.id, keys: noKeys, holder: 'test' }, ignore, never)).trial).toMatchObject({
      status: 'passed',
    })
    const restore = (id: string) =>
      restoreBackup(setup, { id, parts: 'all', requestedBy: 'admin', jobId: null, holder: 'test' }, ignore, never)
    const { safetyBackupId } = await restore(backup.id)
    expect(contentOf(sqlite.path)).toEqual(before)
    // The connection that was open all along writes on, and numbers go on where they stopped.
    live.exec(`INSERT INTO "CreditTransaction" (userId, amount, reason) SELECT id, 1, 'PURCHASE' FROM "User" LIMIT 1`)
    const highest = before.get('CreditTransaction')?.length ?? 0
    expect(live.prepare('SELECT max(id) FROM "CreditTransaction"').pluck().get()).toBeGreaterThan(highest)
    live.close()
    await restore(safetyBackupId)
    expect(contentOf(sqlite.path)).toEqual(changed)
  },
)

/** Every value of every table, with the class in which SQLite keeps it. */
function contentOf(path: string): ReadonlyMap<string, readonly unknown[]> {
  const db = new Database(path, { readonly: true })
  try {
    const names = db.prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_prisma_migrations' ORDER BY 1`,
    )
    const tables = names.pluck().all() as string[]
    return new Map(
      tables.map((table) => {
        const columns = (db.pragma(`table_info("${table}")`) as { readonly name: string }[]).map(({ name }) => `"${name}"`)
        const values = columns.flatMap((column) => [column, `typeof(${column})`])
        const rows = db
          .prepare(`SELECT ${values.join(', ')} FROM "${table}" ORDER BY 1`)
          .raw()
          .safeIntegers()
          .all() as unknown[][]
        return [table, rows.map((row) => row.map(inOrder))]
      }),
    )
  } finally {
    db.close()
  }
}

/** PostgreSQL's jsonb keeps what JSON means, not how it was written: the order of names, 1e-7. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[{[]/.test(value)) return value
  const parsed: unknown = JSON.parse(value)
  return Array.isArray(parsed) ? parsed : Object.entries(parsed as object).sort(([a], [b]) => (a < b ? -1 : 1))
}
