import type pg from 'pg'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres, isContended, toPostgresError } from '@/lib/postgres/connect'
import { type CopyMark, changeMark, readMark } from '@/lib/postgres/copy-mark'
import { raisePostgresFence } from '@/lib/postgres/fence'
import { endSessions, lockTarget } from '@/lib/postgres/target-lock'
import { targetLabel } from '@/lib/postgres/target-url'
import { inTransaction } from '../apply-schema'

export interface AbandonOptions {
  readonly targetUrl: string
  /** Migration that made the copy: its mark stands in the target. */
  readonly jobId: string
  /** application_name of the app's own sessions, which are ended when they keep a table locked. */
  readonly appSessions?: readonly string[]
}

/**
 * closed: it takes no writes any more, from nobody, and its mark says `abandoned`. other: what answers at this address is
 * not the database that was left (an empty one, a restored one), and nothing was done to it.
 */
export type Abandoned = { readonly status: 'closed'; readonly mark: CopyMark } | { readonly status: 'other' }

const fenceReason = 'the app was switched to SQLite while this database could not be reached; this database takes no more writes'

/**
 * Closes a PostgreSQL database that the app has left while it was gone: the first thing done to it once it answers. Fence
 * and mark are one commit, for which every writer is waited for. Safe to repeat.
 *
 * @param use reads what is wanted of the closed database, on the same connection
 * @throws AppError TARGET_*, LEASE_HELD: nothing was changed; try again
 */
export async function abandonCopy<T>(
  { targetUrl, jobId, appSessions = [] }: AbandonOptions,
  report: Report,
  signal: AbortSignal,
  use: (client: pg.Client, found: Abandoned) => Promise<T>,
): Promise<T> {
  const client = await connectPostgres(targetUrl, { applicationName: 'bascule emergency', signal })
  try {
    await lockTarget(client)
    const mark = await readMark(client)
    if (mark?.jobId !== jobId || mark.state === 'finished') return await use(client, { status: 'other' })
    if (mark.state !== 'abandoned') {
      const tables = (await readPostgresCatalogue(client, mark.targetSchema)).tables.map(({ name }) => name)
      for (let attempt = 1; !(await close(client, mark, tables)); attempt += 1) {
        if (attempt === mostAttempts) throw stillWriting(targetLabel(targetUrl))
        for (const name of appSessions) await endSessions(client, name)
      }
      report({ type: 'log', level: 'warn', message: 'PostgreSQL is back and takes no writes any more: the app had left it.' })
    }
    return await use(client, { status: 'closed', mark: { ...mark, state: 'abandoned' } })
  } catch (error) {
    throw toPostgresError(error, targetLabel(targetUrl))
  } finally {
    await client.end().catch(() => undefined)
  }
}

const mostAttempts = 3

function stillWriting(subject: string): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'close the database that was left',
    subject,
    message: 'Somebody keeps a transaction open on the PostgreSQL database that the app has left.',
    hint: 'End it there (pg_stat_activity). It is tried again.',
    retryable: true,
  })
}

/** False when a writer did not end in time. */
async function close(client: pg.Client, mark: CopyMark, tables: readonly string[]): Promise<boolean> {
  try {
    await inTransaction(client, async () => {
      await client.query(`SET LOCAL lock_timeout = '5s'; SET LOCAL synchronous_commit = on`)
      const names = tables.map((table) => qualifiedName(mark.targetSchema, table))
      if (names.length > 0) await client.query(`LOCK TABLE ${names.join(', ')} IN SHARE ROW EXCLUSIVE MODE`)
      await raisePostgresFence(client, mark.targetSchema, tables, fenceReason)
      await changeMark(client, mark.jobId, ['copied', 'switched', 'rolled-back'], 'abandoned')
    })
    return true
  } catch (error) {
    if (isContended(error)) return false
    throw error
  }
}
