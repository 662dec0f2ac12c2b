import type pg from 'pg'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { countChanges } from '@/lib/postgres/change-log'
import { withPostgres } from '@/lib/postgres/connect'
import { type CopyMark, readMark } from '@/lib/postgres/copy-mark'
import { isFencedEverywhere } from '@/lib/postgres/fence'
import { describeStructure, readStructureRecord } from '@/lib/postgres/structure-record'
import { armedSince, checkChangeLog, countChanges as countNoted, highestChange } from '@/lib/sqlite/change-log'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { readApplied } from './applied-number'

// Apart from `forward.ts`, whose proof runs in threads that are bundled when they start: the web asks for the preview, and must
// not take a bundler along.

export interface ForwardOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** Migration that made the copy: its mark stands in the target. */
  readonly jobId: string
  /** The log that notes since the app came back to SQLite: `armedSince`. */
  readonly log: string
}

/** Why the copy that the app was switched back from cannot be brought up to date, and everything has to be copied again. */
export const forwardObstacles = ['log-gone', 'structure-changed', 'copy-gone', 'copy-touched'] as const
export type ForwardObstacle = (typeof forwardObstacles)[number]

export type ForwardPreview =
  /** So many changes wait to be brought there. */
  | { readonly status: 'possible'; readonly changes: number; readonly estimatedMs: number }
  | { readonly status: 'impossible'; readonly obstacle: ForwardObstacle }

/** As measured for rounds of a live copy on a busy machine of two cores; the proof reads every row on both sides. */
const appliedPerSecond = 4_000
const provedBytesPerSecond = 20 * 1024 * 1024

/** Whether the copy can be brought up to date, and how much that is. Changes nothing. @throws AppError TARGET_*, SOURCE_* */
export async function previewForward(options: ForwardOptions): Promise<ForwardPreview> {
  const db = openSqlite(options.sourcePath, { readonly: true })
  try {
    return await withPostgres(options.targetUrl, { applicationName: 'bascule preview' }, async (client) => {
      const found = await findObstacle(client, db, options)
      if (typeof found === 'string') return { status: 'impossible', obstacle: found }
      const changes = countNoted(db, found.applied, highestChange(db))
      const bytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
      const estimatedMs = Math.round(1_000 + (changes * 1000) / appliedPerSecond + (bytes * 1000) / provedBytesPerSecond)
      return { status: 'possible', changes, estimatedMs }
    })
  } finally {
    db.close()
  }
}

/** Where the copy stands, or why it cannot be brought up to date. */
export async function findObstacle(
  client: pg.Client,
  db: SqliteDatabase,
  { jobId, log }: ForwardOptions,
): Promise<ForwardObstacle | { readonly mark: CopyMark; readonly applied: number }> {
  const state = checkChangeLog(db)
  if (state.status === 'changed') return 'structure-changed'
  if (state.status === 'absent' || armedSince(db) !== log) return 'log-gone'
  const mark = await readMark(client)
  if (mark?.jobId !== jobId) return 'copy-gone'
  const applied = await readApplied(client)
  if (applied === null) return 'log-gone'
  // A file that was restored from a backup may hold less than the copy was told.
  if (applied.seq > highestChange(db)) return 'log-gone'
  // An earlier attempt was cut short: the copy is the file as it was at that number.
  if (mark.state === 'copying' || mark.state === 'copied') return { mark, applied: applied.seq }
  if (mark.state !== 'rolled-back') return 'copy-gone'
  const structure = await readStructureRecord(client)
  if (structure === null || !isSame(structure, await describeStructure(client, mark.targetSchema))) return 'structure-changed'
  const tables = (await readPostgresCatalogue(client, mark.targetSchema)).tables.map(({ name }) => name)
  if (!(await isFencedEverywhere(client, mark.targetSchema, tables))) return 'copy-touched'
  if ((await countChanges(client)).length > 0) return 'copy-touched'
  return { mark, applied: applied.seq }
}

function isSame(recorded: readonly object[], present: readonly object[]): boolean {
  const lines = (items: readonly object[]) => items.map((item) => JSON.stringify(Object.entries(item).sort())).sort()
  return JSON.stringify(lines(recorded)) === JSON.stringify(lines(present))
}
