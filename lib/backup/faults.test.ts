import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readdir, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { breakLease } from '@/lib/control/lease'
import { lowerFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createTestBackupSetup, insertCvsIntoSqlite, writeCvs } from '@/tests/support/backup-source'
import { programArguments } from '@/tests/support/program-arguments'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { listBackups } from './backup-catalogue'
import { noKeys } from './encryption'
import { type BackupSetup, makeBackup } from './make-backup'
import { restoreBackup } from './restore-backup'
import { trialBackup } from './trial-backup'

const never = new AbortController().signal
const ignore = () => undefined
const root = join(import.meta.dirname, '../..')

let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup

beforeEach(async () => {
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'))
  setup = createTestBackupSetup(database.folder, store, database.path)
  insertCvsIntoSqlite(database.path, await writeCvs(setup.files.folder, 3))
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

const make = (options: Partial<{ trial: boolean }> = {}) =>
  makeBackup(setup, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', ...options }, ignore, never)

function killIn(phase: string, ...restore: string[]): void {
  const run = spawnSync(
    process.execPath,
    [...programArguments('lib/backup/testing/killed-in-child.ts'), database.folder, database.path, phase, ...restore],
    { cwd: root },
  )
  expect([phase, run.signal]).toEqual([phase, 'SIGKILL'])
}

/** What the next worker does when it finds the holder dead: the lease goes, an unfinished fence comes down. */
async function recover(): Promise<void> {
  await breakLease(store, 'backups', 'killed process')
  const db = openSqlite(database.path)
  lowerFence(db)
  db.close()
}

function titlesAndWrite(path = database.path): string[] {
  const db = openSqlite(path)
  try {
    const titles = db.prepare<[], string>('SELECT title FROM "CvFile"').pluck().all()
    db.prepare('UPDATE "CvFile" SET title = title').run()
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    return titles
  } finally {
    db.close()
  }
}

describe('a process that is killed', () => {
  it.each(['snapshot', 'stored-files', 'archive'])(
    'while it makes a backup, in %s: no half archive is listed, the next one works',
    async (phase) => {
      killIn(phase)
      expect(await listBackups(setup)).toEqual([])
      await recover()
      expect(titlesAndWrite()).toHaveLength(3)
      const next = await make()
      expect(next.trial?.status).toBe('passed')
      expect(await readdir(setup.folder)).toEqual([next.fileName])
    },
  )

  it('in the trial: the archive is listed as written and not as tested', async () => {
    killIn('trial')
    expect(await listBackups(setup)).toEqual([expect.objectContaining({ status: 'written', trial: null, present: true })])
  })

  it.each(['staging', 'waiting', 'safety', 'switching'])(
    'while it restores, in %s: the old data opens and takes writes again',
    async (phase) => {
      const backup = await make({ trial: false })
      const db = openSqlite(database.path)
      db.prepare('UPDATE "CvFile" SET title = ?').run('changed since')
      db.close()
      killIn(phase, backup.id)
      await recover()
      expect(new Set(titlesAndWrite())).toEqual(new Set(['changed since']))
      expect((await make()).trial?.status).toBe('passed')
      expect((await readdir(setup.folder)).filter((name) => !name.endsWith('.tar.gz'))).toEqual([])
    },
  )
})

describe('a full disk', () => {
  // A disk of its own size needs root, as the tests of migrations do.
  it.runIf(process.getuid?.() === 0).each([
    ['too small for the snapshot', 600],
    ['too small for the archive beside it', 1_700],
  ])('%s: said as such, and no part of it is left', async (_what, sizeKiB) => {
    const db = openSqlite(database.path)
    db.exec('CREATE TABLE noise (body BLOB)')
    // Random bytes do not compress: the archive is as large as the database.
    for (let index = 0; index < 10; index += 1) db.prepare('INSERT INTO noise VALUES (?)').run(randomBytes(100_000))
    db.close()
    await mkdir(setup.folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', setup.folder])
    try {
      await expect(make()).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL', hint: expect.any(String) })
      expect(await readdir(setup.folder)).toEqual([])
      expect(await listBackups(setup)).toEqual([expect.objectContaining({ status: 'failed', present: false })])
      expect(titlesAndWrite()).toHaveLength(3)
    } finally {
      execFileSync('umount', ['-l', setup.folder])
    }
  })

  it.runIf(process.getuid?.() === 0)('with no room for a trial later on: the archive stays, and is not called tested', async () => {
    await mkdir(setup.folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=900k', 'tmpfs', setup.folder])
    try {
      const { id } = await make({ trial: false })
      const { available } = await freeSpace(setup.folder)
      await writeFile(join(setup.folder, 'somebody-else'), Buffer.alloc(Math.max(0, available - 100_000)))
      const { trial, present } = await trialBackup(setup, { id, keys: noKeys, holder: 'test' }, ignore, never)
      expect({ trial, present }).toMatchObject({ trial: { status: 'impossible', problem: expect.stringContaining('room') }, present: true })
    } finally {
      execFileSync('umount', ['-l', setup.folder])
    }
  })

  it.runIf(process.getuid?.() === 0).each([
    ['for what is staged', 500_000],
    ['for the safety backup', 1_500_000],
  ])('with no room %s of a restore: the live data is as it was and takes writes', async (_what, leaveBytes) => {
    const db = openSqlite(database.path)
    db.exec('CREATE TABLE noise (body BLOB)')
    for (let index = 0; index < 10; index += 1) db.prepare('INSERT INTO noise VALUES (?)').run(randomBytes(100_000))
    db.close()
    await mkdir(setup.folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', setup.folder])
    try {
      const { id } = await make({ trial: false })
      const { available } = await freeSpace(setup.folder)
      await writeFile(join(setup.folder, 'somebody-else'), Buffer.alloc(available - leaveBytes))
      const options = { id, parts: 'all', requestedBy: 'test', jobId: null, holder: 'test' } as const
      await expect(restoreBackup(setup, options, ignore, never)).rejects.toMatchObject({
        code: 'LOCAL_DISK_FULL',
        hint: expect.any(String),
      })
      expect(titlesAndWrite()).toHaveLength(3)
      expect((await readdir(setup.folder)).filter((name) => name.startsWith('.') || name.endsWith('.part'))).toEqual([])
      expect((await listBackups(setup)).filter(({ present }) => present)).toHaveLength(1)
    } finally {
      execFileSync('umount', ['-l', setup.folder])
    }
  })

  it.runIf(process.getuid?.() === 0)(
    'with no room for the content where the live database lies: it is as it was and takes writes',
    async () => {
      const noise = (db: ReturnType<typeof openSqlite>, bytes: number) => db.prepare('INSERT INTO noise VALUES (?)').run(randomBytes(bytes))
      const fill = openSqlite(database.path)
      fill.exec('CREATE TABLE noise (body BLOB)')
      noise(fill, 3_000_000)
      fill.close()
      const { id } = await make({ trial: false })
      const small = openSqlite(database.path)
      small.exec('DELETE FROM noise; VACUUM')
      small.pragma('wal_checkpoint(TRUNCATE)')
      small.close()
      const live = join(database.folder, 'live')
      await mkdir(live)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', live])
      const path = join(live, 'app.db')
      try {
        await copyFile(database.path, path)
        const options = { id, parts: 'all', requestedBy: 'test', jobId: null, holder: 'test' } as const
        const there = { ...setup, source: async () => ({ engine: 'sqlite', path }) as const }
        await expect(restoreBackup(there, options, ignore, never)).rejects.toMatchObject({
          code: 'LOCAL_DISK_FULL',
          hint: expect.any(String),
        })
        expect(titlesAndWrite(path)).toHaveLength(3)
      } finally {
        execFileSync('umount', ['-l', live])
      }
    },
  )
})

async function freeSpace(folder: string): Promise<{ available: number }> {
  const { bavail, bsize } = await statfs(folder)
  return { available: bavail * bsize }
}
