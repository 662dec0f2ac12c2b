import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readActiveDatabase } from '@/lib/control/active-database'
import type { SealedTarget } from '@/lib/control/active-state'
import { recordAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { type EmergencyRecord, readEmergency, writeEmergency } from '@/lib/control/way-back'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { openSqlite } from '@/lib/sqlite/open-database'
import { abandonCopy } from './live/emergency-abandon'
import { type LeftBehind, type LeftBehindRow, listLeftBehind } from './live/emergency-left-behind'

export interface CloseDependencies {
  readonly store: ControlStore
  readonly sqlitePath: string | null
  readonly openTarget: (target: SealedTarget) => string
  /** The list goes into its folder `emergency`. */
  readonly workDir: string
  /** application_name of the app's own sessions. */
  readonly appSessions: readonly string[]
  /** In words for people, for the audit log. */
  readonly actor: string
}

/** Where the lists of what stayed behind are kept: rows as they are, readable by their owner alone. */
export function leftBehindFolder(workDir: string): string {
  return join(workDir, 'emergency')
}

/**
 * What is still to be done about a PostgreSQL database that the app left in an emergency: closing it first, then counting and
 * listing what stayed behind there. Null when there is none, or all is done. A database that could not be closed is tried
 * again with the next call; once closed, it is listed anew as long as that failed.
 *
 * @throws AppError TARGET_* and whatever else stands in the way; the record then says so too
 */
export async function closeAbandoned(
  dependencies: CloseDependencies,
  report: Report,
  signal: AbortSignal,
): Promise<EmergencyRecord | null> {
  const { store } = dependencies
  const record = await readOpenEmergency(store)
  if (record === null || record.postgres.status === 'other') return null
  if (record.postgres.status === 'closed' && record.postgres.left !== null) return null
  try {
    const next = { ...record, postgres: await close(dependencies, record, report, signal) }
    await writeEmergency(store, next)
    return next
  } catch (error) {
    if (signal.aborted) throw error
    const { message } = reportError(error)
    const now = store.clock.now().toISOString()
    const postgres =
      record.postgres.status === 'closed' ? { ...record.postgres, message } : ({ status: 'away', message, lookedAt: now } as const)
    await writeEmergency(store, { ...record, postgres })
    throw error
  }
}

async function close(
  { store, sqlitePath, openTarget, workDir, appSessions, actor }: CloseDependencies,
  record: EmergencyRecord,
  report: Report,
  signal: AbortSignal,
): Promise<EmergencyRecord['postgres']> {
  const options = { targetUrl: openTarget(record.target), jobId: record.jobId, appSessions }
  return abandonCopy(options, report, signal, async (client, found) => {
    const now = store.clock.now().toISOString()
    if (found.status === 'other') return { status: 'other', lookedAt: now }
    const closedAt = record.postgres.status === 'closed' ? record.postgres.closedAt : now
    const closed = { status: 'closed', closedAt, left: null, file: null, message: null } as const
    if (record.postgres.status !== 'closed') {
      // Known from here on, whatever becomes of the list.
      await writeEmergency(store, { ...record, postgres: closed })
      await recordAudit(store, { actor, action: 'emergency.closed', subject: record.target.label })
    }
    if (sqlitePath === null) return { ...closed, message: 'DATABASE_URL does not name a SQLite file.' }
    const db = openSqlite(sqlitePath, { readonly: true })
    try {
      const name = `left-behind-${record.at.replace(/\D/g, '').slice(0, 14)}.jsonl`
      const list = (take: (row: LeftBehindRow) => Promise<void>) =>
        listLeftBehind({ client, mark: found.mark, db, log: record.log }, take, signal)
      const left = await writeList(join(leftBehindFolder(workDir), name), leftBehindFolder(workDir), list)
      return { ...closed, left, file: left.total === 0 ? null : name }
    } finally {
      db.close()
    }
  })
}

/** One JSON object a line. The name is taken only by a whole list. */
async function writeList(
  path: string,
  folder: string,
  list: (take: (row: LeftBehindRow) => Promise<void>) => Promise<LeftBehind>,
): Promise<LeftBehind> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const part = `${path}.part`
  await rm(part, { force: true })
  const lines = new Readable({ read: () => undefined })
  const written = pipeline(lines, createWriteStream(part, { mode: 0o600 }))
  written.catch(() => undefined)
  try {
    const left = await list(async (row) => {
      // A full buffer waits for the disk.
      if (!lines.push(`${JSON.stringify(row)}\n`)) await new Promise((resolve) => setImmediate(resolve))
    })
    lines.push(null)
    await written
    await rename(part, path)
    return left
  } catch (error) {
    lines.destroy()
    await rm(part, { force: true })
    throw error
  }
}

/** The last emergency; one whose process was killed between the flip and the record is known of the state. */
async function readOpenEmergency(store: ControlStore): Promise<EmergencyRecord | null> {
  const { state } = await readActiveDatabase(store)
  const record = await readEmergency(store)
  const former = state.status === 'on-sqlite' && state.former?.how === 'emergency' ? state.former : null
  if (former === null || record?.at === former.at) return record
  const { jobId, target, at, log } = former
  return {
    jobId,
    target,
    log,
    at,
    by: '',
    onPostgresSince: null,
    lastKnown: null,
    postgres: { status: 'away', message: null, lookedAt: null },
  }
}
