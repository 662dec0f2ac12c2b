import type pg from 'pg'
import { AppError, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { disarmChangeLog } from '@/lib/postgres/change-log'
import { bookkeepingSchema, type CopyMark, changeMark, readMark } from '@/lib/postgres/copy-mark'
import { lowerPostgresFence } from '@/lib/postgres/fence'
import { isLatePart, readStripped } from '@/lib/postgres/structure'
import { parseTargetUrl } from '@/lib/postgres/target-url'
import { mapTables } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite } from '@/lib/sqlite/open-database'
import type { TableComparison } from '@/lib/verification/verification-result'
import { inTransaction } from '../apply-schema'
import { createPhaseRunner } from '../phase-runner'
import { openTargetSession } from '../target-session'
import { followAndProve } from './follow-and-prove'
import { type ForwardObstacle, type ForwardOptions, findObstacle } from './preview-forward'

export interface ForwardOptionsAt extends ForwardOptions {
  /** Folder for the snapshot that the copy is compared with. */
  readonly workDir: string
  /** Called after the copy was opened again: for tests, which end the process there. */
  readonly onStep?: (step: 'opened') => void
}

/**
 * Brings the copy that the app was switched back from up to the SQLite file, which the app goes on writing: the rows that its
 * change log has noted since, and no others. In the end every row is compared, as at a live migration's end, and the copy
 * stands as one that is ready to be switched to and followed.
 *
 *   nothing has changed there ─> one transaction: fence, change log and references off, mark `copying` ─> rounds ─> proof ─> `copied`
 *
 * Killed at any point it may simply be called again: after each round the copy is the file as it was at one moment.
 *
 * @throws AppError STATE_CONFLICT when the copy cannot be brought up to date (it says why, and nothing was changed);
 *   CONTENT_DIFFERS when it is not what the log says it is; TARGET_*, SOURCE_*, CANCELLED
 */
export async function bringForward(options: ForwardOptionsAt, report: Report, signal: AbortSignal): Promise<readonly TableComparison[]> {
  const { sourcePath, targetUrl, workDir, jobId } = options
  const target = parseTargetUrl(targetUrl, { allowPrivate: true })
  const phases = createPhaseRunner(report, ['catch-up', 'prove'])
  const session = await openTargetSession(
    { target, applicationName: `bascule ${jobId}`.slice(0, 63), isSoleOwner: true },
    { onLost: () => phases.setReconnecting(true), onBack: () => phases.setReconnecting(false) },
    signal,
  )
  try {
    const mappings = await session.persist(async (client) => {
      const db = openSqlite(sourcePath, { readonly: true })
      try {
        const found = await findObstacle(client, db, options)
        if (typeof found === 'string') throw impossible(found)
        await openAgain(client, found.mark)
        return mapTables(readSqliteCatalogue(db), await readPostgresCatalogue(client, found.mark.targetSchema)).tables
      } finally {
        db.close()
      }
    })
    options.onStep?.('opened')
    return await followAndProve(
      {
        live: { sourcePath, workDir },
        jobId,
        target,
        targetUrl,
        mappings,
        onMark: (_stage, use) => session.persist(async (client) => use(client, requireOpen(await readMark(client), jobId))),
      },
      { session, phases, report, signal },
    )
  } catch (error) {
    if (reportError(error).code !== 'CONTENT_DIFFERS') throw error
    const { message } = reportError(error)
    throw new AppError({
      code: 'CONTENT_DIFFERS',
      operation: 'bring the copy up to date',
      message,
      hint: 'Somebody changed the copy on PostgreSQL since the app was switched back. Migrate again: the earlier copy is set aside, and everything is copied.',
      cause: error,
    })
  } finally {
    await session.close()
  }
}

/** A copy that takes rows again: what would refuse or repeat them is put aside, as it was while the copy was made. */
async function openAgain(client: pg.Client, mark: CopyMark): Promise<void> {
  if (mark.state !== 'rolled-back') return
  const late = (await readStripped(client)).filter(isLatePart)
  const catalogue = await readPostgresCatalogue(client, mark.targetSchema)
  await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = '10s'; SET LOCAL synchronous_commit = on`)
    for (const { table, name, kind } of late) {
      const on = qualifiedName(mark.targetSchema, table)
      if (kind === 'trigger') await client.query(`DROP TRIGGER IF EXISTS ${quoteName(name)} ON ${on}`)
      else await client.query(`ALTER TABLE ${on} DROP CONSTRAINT IF EXISTS ${quoteName(name)}`)
    }
    const left = await client.query(
      `SELECT 1 FROM pg_constraint WHERE contype = 'f' AND connamespace = to_regnamespace(quote_ident($1))::oid`,
      [mark.targetSchema],
    )
    // Its cascades would fire while rows come and go.
    if (left.rowCount !== 0) throw impossible('structure-changed')
    await disarmChangeLog(client, catalogue)
    await client.query(`DELETE FROM ${bookkeepingSchema}.change_log`)
    await lowerPostgresFence(
      client,
      mark.targetSchema,
      catalogue.tables.map(({ name }) => name),
    )
    await changeMark(client, mark.jobId, ['rolled-back'], 'copying')
  })
}

function requireOpen(mark: CopyMark | null, jobId: string): CopyMark {
  if (mark?.jobId === jobId && (mark.state === 'copying' || mark.state === 'copied')) return mark
  throw impossible('copy-gone')
}

const reasons: Readonly<Record<ForwardObstacle, string>> = {
  'log-gone': 'What the app wrote to SQLite since it came back was not noted, or the log of it is gone.',
  'structure-changed': 'The tables were changed since the app was switched back.',
  'copy-gone': 'The copy that the app was switched back from is no longer there.',
  'copy-touched': 'Somebody has written to the copy on PostgreSQL, or taken its fence down.',
}

function impossible(obstacle: ForwardObstacle): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'bring the copy up to date',
    subject: obstacle,
    message: `The earlier copy cannot be brought up to date. ${reasons[obstacle]}`,
    hint: 'Migrate again: the earlier copy is set aside, and everything is copied.',
  })
}
