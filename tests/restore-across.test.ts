import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import type { BackupSource } from '@/lib/backup/database-snapshot'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { previewRestore, restoreBackup } from '@/lib/backup/restore-backup'
import { openControlStore } from '@/lib/control/control-store'
import { copyFileWith } from '@/lib/migration/copy-file'
import { createTestBackupSetup, insertCvsIntoPostgres, insertCvsIntoSqlite, writeCvs } from './support/backup-source'
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
