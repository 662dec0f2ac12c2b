import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { listBackups, listPastBackups, setLocked } from './backup-catalogue'
import { type BackupSetup, makeBackup } from './make-backup'
import { previewRetention, pruneBackups, readRetention, saveRetention } from './prune-backups'

const never = new AbortController().signal
const rules = { keepLast: 1, keepDays: 0, daily: 0, weekly: 0, monthly: 0 }
let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup

beforeEach(async () => {
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'))
  setup = createTestBackupSetup(database.folder, store, database.path)
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

const make = () => makeBackup(setup, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test' }, () => undefined, never)

it('deletes files and rows by the rules, never without rules, and never what is locked', async () => {
  const [first, second, third] = [await make(), await make(), await make()]
  await setLocked(setup, second.id, true, 'admin')
  expect([await readRetention(store), await pruneBackups(setup, 'test', never)]).toEqual([null, []])
  expect((await previewRetention(setup, rules)).remove).toEqual([first.id])
  await saveRetention(store, rules, 'admin')
  expect(await pruneBackups(setup, 'test', never)).toEqual([first.id])
  expect((await listBackups(setup)).map(({ id }) => id)).toEqual([third.id, second.id])
  // The calendar remembers what was there.
  const { createdAt } = first
  expect(await listPastBackups(setup, new Date(0))).toEqual([{ id: first.id, createdAt, tested: true, deletedAt: expect.any(String) }])
  expect((await readdir(setup.folder)).sort()).toEqual([second.fileName, third.fileName].sort())
  await saveRetention(store, null, 'admin')
  expect(await pruneBackups(setup, 'test', never)).toEqual([])
})

it('deletes nothing after a backup that failed', async () => {
  await make()
  await make()
  await saveRetention(store, rules, 'admin')
  const broken = { ...setup, source: async () => ({ engine: 'sqlite', path: join(database.folder, 'absent.db') }) as const }
  await expect(
    makeBackup(broken, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test' }, () => undefined, never),
  ).rejects.toThrow()
  expect(await pruneBackups(setup, 'test', never)).toEqual([])
  expect((await listBackups(setup)).filter(({ status }) => status === 'written')).toHaveLength(2)
})
