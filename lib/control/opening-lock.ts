import Database from 'better-sqlite3'
import { AppError } from '@/lib/core/errors'

const waitMs = 60_000
const openings = new Map<string, Promise<unknown>>()

/**
 * Runs `work` while no other process does the same for `path`: an exclusive transaction on a small database
 * beside it. The operating system drops the lock of a process that dies, so nothing is left to clean up, which a
 * lock file would need. Waiting is asynchronous, since the holder may be another caller in this very process.
 */
export async function withOpeningLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = openings.get(path) ?? Promise.resolve()
  const mine = before.then(
    () => underLock(path, work),
    () => underLock(path, work),
  )
  openings.set(path, mine)
  try {
    return await mine
  } finally {
    if (openings.get(path) === mine) openings.delete(path)
  }
}

async function underLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = new Database(`${path}-opening`, { timeout: 0 })
  try {
    await begin(lock, path)
    const result = await work()
    lock.exec('COMMIT')
    return result
  } finally {
    lock.close()
  }
}

async function begin(lock: Database.Database, path: string): Promise<void> {
  const giveUpAt = Date.now() + waitMs
  for (;;) {
    try {
      lock.exec('BEGIN EXCLUSIVE')
      return
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
      if (!isBusy) throw error
      if (Date.now() > giveUpAt) {
        throw new AppError({
          code: 'CONFIG_INVALID',
          operation: 'open the control store',
          subject: path,
          message: 'Another process has been preparing the control store for more than a minute.',
          hint: 'Stop the process that holds it, then start again.',
        })
      }
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}
