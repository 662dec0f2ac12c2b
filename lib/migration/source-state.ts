import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'

/**
 * A few words that change when the source's rows or structure may have changed, read in a moment.
 *
 * Behind the fence: when it was raised, and SQLite's count of schema changes, which the fence does not stop. Without
 * one: size, time and place of the file and of its write-ahead log, so that any write counts as a change.
 */
export async function readSourceState(path: string, isFenced: boolean): Promise<string> {
  return isFenced ? fencedState(path) : [await fileState(path), await fileState(`${path}-wal`)].join(' + ')
}

function fencedState(path: string): string {
  if (!existsSync(path)) return 'gone'
  const db = openSqlite(path, { readonly: true })
  try {
    const fence = readFence(db)
    const version = z.number().parse(db.pragma('schema_version', { simple: true }))
    return fence?.stage === 'moving' ? `fence of ${fence.raisedAt}, schema ${version}` : 'not fenced'
  } finally {
    db.close()
  }
}

async function fileState(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => null)
  // An empty write-ahead log comes and goes with those who only read.
  if (stats === null || stats.size === 0n) return 'nothing'
  return `${stats.size} bytes of ${stats.mtimeNs} at ${stats.dev}:${stats.ino}`
}
