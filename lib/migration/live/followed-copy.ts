import type pg from 'pg'
import { AppError } from '@/lib/core/errors'
import type { TableMapping } from '@/lib/core/table-mapping'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { keepOutOfChangeLog } from '@/lib/postgres/change-log'
import { connectPostgres } from '@/lib/postgres/connect'
import { type CopyMark, readMark } from '@/lib/postgres/copy-mark'
import { endSessions, lockTarget } from '@/lib/postgres/target-lock'
import { mapTables } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { type AppliedNumber, readApplied } from './applied-number'
import { type ChangeApplier, createChangeApplier } from './apply-changes'
import { readAppliedTables, requireIntactLog } from './capture'

export interface FollowedCopyOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** Job that made the copy: its mark stands in the target. */
  readonly jobId: string
}

/** A finished copy, proved up to a number, and all that is needed to apply what its source writes. */
export interface FollowedCopy {
  /** Holds the target's lock. */
  readonly client: pg.Client
  /** Reads the source. */
  readonly db: SqliteDatabase
  readonly applier: ChangeApplier
  readonly mappings: readonly TableMapping[]
  readonly mark: CopyMark
  /** As it was when the copy was opened. */
  readonly opened: AppliedNumber
  close(): Promise<void>
}

/** Of the sessions that follow a copy; whoever is to work on it in their place ends them by it. */
export function followerSession(jobId: string): string {
  return `bascule follows ${jobId}`.slice(0, 63)
}

/**
 * Opens a copy that follows its source: for the follower itself, or for whoever takes its place at the cut-over and finds
 * everything prepared that a last round needs.
 *
 * @param applicationName of the session; a follower's own is `followerSession`
 * @throws AppError STATE_CONFLICT when there is no such copy, SOURCE_CHANGED when changes may be missing in the log,
 *   LEASE_HELD when another session keeps the target's lock for longer than five seconds, SOURCE_*, TARGET_*
 */
export async function openFollowedCopy(
  { sourcePath, targetUrl, jobId }: FollowedCopyOptions,
  applicationName: string,
  signal?: AbortSignal,
): Promise<FollowedCopy> {
  const client = await connectPostgres(targetUrl, { applicationName, ...(signal === undefined ? {} : { signal }) })
  let db: SqliteDatabase | undefined
  const close = async () => {
    db?.close()
    await client.end().catch(() => undefined)
  }
  try {
    // A follower's, and one of our own kind that was given up and may not know it yet.
    for (const name of new Set([followerSession(jobId), applicationName])) await endSessions(client, name)
    await lockTarget(client)
    // A switch that was given up has left the change log armed.
    await keepOutOfChangeLog(client)
    const mark = await readMark(client)
    const opened = await readApplied(client)
    if (mark?.jobId !== jobId || mark.state !== 'copied' || opened === null) throw noSuchCopy()
    db = openSqlite(sourcePath, { readonly: true })
    requireIntactLog(db)
    const mappings = mapTables(readSqliteCatalogue(db), await readPostgresCatalogue(client, mark.targetSchema)).tables
    const applier = await createChangeApplier({ client, tables: readAppliedTables(db, mappings), applied: opened.seq })
    return { client, db, applier, mappings, mark, opened, close }
  } catch (error) {
    await close()
    throw error
  }
}

function noSuchCopy(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'follow the source',
    message: 'There is no finished copy of this migration in the target that could follow its source.',
    hint: 'Discard the copy and migrate again.',
  })
}
