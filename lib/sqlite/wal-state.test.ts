import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { readWalState } from './wal-state'

test('pending pages are those written and not yet carried into the file', async () => {
  await using folder = await createTemporaryFolder('wal')
  const path = join(folder.path, 'app.db')
  expect(await readWalState(path)).toEqual({ sizeBytes: 0, pendingFrames: 0 })
  const db = new Database(path)
  try {
    db.pragma('journal_mode = WAL')
    db.exec('CREATE TABLE t (x)')
    for (let round = 0; round < 3; round += 1) db.exec('INSERT INTO t VALUES (1)')
    const pending = await readWalState(path)
    expect(pending.pendingFrames).toBeGreaterThanOrEqual(3)
    expect(pending.sizeBytes).toBe(32 + pending.pendingFrames * (4096 + 24))

    // The same two files without their index, as a copy of a live database leaves them.
    await mkdir(join(folder.path, 'copy'))
    for (const end of ['', '-wal']) await copyFile(`${path}${end}`, join(folder.path, 'copy', `app.db${end}`))
    expect(await readWalState(join(folder.path, 'copy', 'app.db'))).toEqual(pending)

    db.pragma('wal_checkpoint(PASSIVE)')
    // The log keeps its length and holds nothing that the file does not.
    expect(await readWalState(path)).toEqual({ sizeBytes: pending.sizeBytes, pendingFrames: 0 })
    db.exec('INSERT INTO t VALUES (2)')
    expect((await readWalState(path)).pendingFrames).toBeGreaterThan(0)
  } finally {
    db.close()
  }
  expect(await readWalState(path)).toEqual({ sizeBytes: 0, pendingFrames: 0 })
})
