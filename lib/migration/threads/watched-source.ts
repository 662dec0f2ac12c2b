import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { type SourceWatch, watchSource } from '@/lib/sqlite/source-watch'

/** The one file that this thread watches. */
let watched: { readonly path: string; readonly watch: SourceWatch } | undefined

/** Begins a watch; what is wrong with the file is said by who reads it. */
export function beginWatch(path: string, writable: boolean): void {
  endWatch(path)
  try {
    watched = { path, watch: watchSource(path, writable) }
  } catch {
    watched = undefined
  }
}

/** Writes through the connection that watches, where there is one; null where there is none. */
export function writeWatched<T>(path: string, use: (db: SqliteDatabase) => T): { readonly result: T } | null {
  return watched?.path === path ? { result: watched.watch.write(use) } : null
}

/** Ends the watch. Answers whether the file holds what it held when it began; false where none was begun in this thread. */
export function endWatch(path: string): boolean {
  const isUnchanged = watched?.path === path && watched.watch.isUnchanged()
  watched?.watch.close()
  watched = undefined
  return isUnchanged
}
