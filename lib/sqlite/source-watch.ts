import { statSync } from 'node:fs'
import { z } from 'zod'
import { openSqlite, type SqliteDatabase } from './open-database'

/** Says whether a file still holds what it held when the watch began. */
export interface SourceWatch {
  /**
   * Whether nobody else has committed anything since, and the file is the same one. True is certain; false also where it could not
   * be told. Never throws.
   */
  isUnchanged(): boolean
  /** Writes of one's own, which do not count as a change. Whatever others committed before or meanwhile does. */
  write<T>(use: (db: SqliteDatabase) => T): T
  close(): void
}

/**
 * Begins to watch a file, before it is read: by a connection that stays open, holds no transaction, and keeps nobody from
 * writing, and its `PRAGMA data_version`, which changes when another connection has committed, in every journal mode
 * (https://sqlite.org/pragma.html#pragma_data_version). A file that was put in its place or written over by other programs
 * is noticed by inode, size and time of the last change.
 *
 * @param writable for `write`; a watch that only looks needs no right to write
 * @throws AppError SOURCE_*
 */
export function watchSource(path: string, writable: boolean): SourceWatch {
  // Before the file is opened: one that takes its place in between is noticed.
  let file = fileOf(path)
  const db = openSqlite(path, { readonly: !writable })
  const begun = versionOf(db)
  let isLost = false
  const isUnchanged = () => {
    try {
      // Once noticed it stays so: a file may come back to its place, and its rows not.
      isLost ||= versionOf(db) !== begun || fileOf(path) !== file
    } catch {
      isLost = true
    }
    return !isLost
  }
  return {
    isUnchanged,
    write(use) {
      isUnchanged()
      try {
        return use(db)
      } finally {
        file = fileOf(path)
      }
    },
    close: () => void db.close(),
  }
}

/** Reads what others have committed, too: each such pragma is a read transaction of its own. */
function versionOf(db: SqliteDatabase): number {
  return z.number().parse(db.pragma('data_version', { simple: true }))
}

/** In WAL mode a checkpoint changes it as well, which then counts as a change. */
function fileOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? 'gone' : `${stats.dev}:${stats.ino} ${stats.size} ${stats.ctimeNs}`
}
