import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { openControlStore } from '@/lib/control/control-store'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { getBackup, noteWritten } from './backup-catalogue'
import { noKeys } from './encryption'
import { formatVersion, summarise } from './manifest'
import { readArchive } from './read-archive'
import { previewRestore, restoreBackup } from './restore-backup'
import { trialBackup } from './trial-backup'

vi.setConfig({ testTimeout: 120_000 })

const never = new AbortController().signal
const ignore = () => undefined
/** One archive a format, as a release of that time wrote it; never made anew, whatever changes here. */
const archives = join(import.meta.dirname, 'testing/archives')

it('there is an archive of every format', async () => {
  const versions = Array.from({ length: formatVersion }, (_, index) => `format-${index + 1}.tar.gz`)
  expect((await readdir(archives)).sort()).toEqual(versions)
})

it.each(Array.from({ length: formatVersion }, (_, index) => index + 1))(
  'an archive of format %i is read, tried, brought to today’s schema and restored',
  async (version) => {
    await using database = await createCvsiteDatabase()
    const store = await openControlStore(join(database.folder, 'control.db'))
    try {
      const setup = createTestBackupSetup(database.folder, store, database.path)
      const source = join(archives, `format-${version}.tar.gz`)
      const manifest = await readArchive({ path: source, keys: noKeys, open: async () => () => null, onProgress: ignore, signal: never })
      expect(manifest.formatVersion).toBe(version)
      const fileName = `backup-${manifest.id}.tar.gz`
      await mkdir(setup.folder, { recursive: true })
      await copyFile(source, join(setup.folder, fileName))
      const bytes = await readFile(source)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const request = {
        id: manifest.id,
        origin: 'manual',
        createdAt: new Date(manifest.createdAt),
        requestedBy: 'then',
        jobId: null,
        engine: manifest.database.engine,
        encryption: { kind: 'none' },
      } as const
      await noteWritten(setup, request, { fileName, sizeBytes: bytes.length, sha256, manifest: summarise(manifest) })
      await trialBackup(setup, { id: manifest.id, keys: noKeys, holder: 'test' }, ignore, never)
      expect((await getBackup(setup, manifest.id)).trial).toMatchObject({ status: 'passed', filesOpened: 2 })
      expect((await previewRestore(setup, manifest.id, never)).parts).toEqual(['all', 'database', 'files'])
      const options = { id: manifest.id, parts: 'all', requestedBy: 'now', jobId: null, holder: 'test' } as const
      expect((await restoreBackup(setup, options, ignore, never)).filesPutBack).toBe(2)
      const db = openSqlite(database.path)
      expect(db.prepare('SELECT count(*) FROM "CvFile"').pluck().get()).toBe(2)
      db.close()
    } finally {
      await store.close()
    }
  },
)
