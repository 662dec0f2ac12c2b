import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { armedSince, checkChangeLog } from '@/lib/sqlite/change-log'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'

/** What keeps a source from changing unseen: a fence, a change log, or nothing. */
export type SourceGuard = 'fence' | 'change-log' | 'none'

/**
 * A few words that change when the source's rows or structure may have changed, read in a moment.
 *
 * Behind the fence: when it was raised, and SQLite's count of schema changes, which the fence does not stop. With a change
 * log: when it was armed, as long as it can be relied on; what is written is noted there. Without either: size, time and place
 * of the file and of its write-ahead log, so that any write counts as a change.
 */
export async function readSourceState(path: string, guard: SourceGuard): Promise<string> {
  if (guard === 'change-log') return capturedState(path)
  return guard === 'fence' ? fencedState(path) : [await fileState(path), await fileState(`${path}-wal`)].join(' + ')
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

function capturedState(path: string): string {
  if (!existsSync(path)) return 'gone'
  const db = openSqlite(path, { readonly: true })
  try {
    return checkChangeLog(db).status === 'intact' ? `changes noted since ${armedSince(db)}` : 'changes not noted'
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
