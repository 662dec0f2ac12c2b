import { readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { openSqlite } from './open-database'
import { readWalState } from './wal-state'
import { readWriteCount } from './write-count'

/** The POSIX locks of this process as the kernel lists them, without their running numbers. */
function locksOfOurs(): readonly string[] {
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.split(/\s+/)[4] === String(process.pid))
    .map((line) => line.replace(/^\d+:/, ''))
    .sort()
}

it('leaves the locks of the process’s other connections to the file alone', async () => {
  await using folder = await createTemporaryFolder()
  const path = `${folder.path}/app.db`
  const app = new Database(path)
  try {
    app.pragma('journal_mode = WAL')
    app.exec('CREATE TABLE t (id INTEGER PRIMARY KEY)')
    const held = locksOfOurs()
    expect(held.length).toBeGreaterThan(0)
    openSqlite(path, { readonly: true }).close()
    await readWalState(path)
    await readWriteCount(path)
    expect(locksOfOurs()).toEqual(held)
  } finally {
    app.close()
  }
})
