import type pg from 'pg'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { connectPostgres, toPostgresError, withPostgres } from '@/lib/postgres/connect'
import { endSessions, lockTarget } from '@/lib/postgres/target-lock'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import { type Replaced, type ReplaceSteps, restoreReason } from './replace-in-sqlite'
import { runPhase } from './run-phases'
import { dropStaging, stagingSchema } from './stage-postgres'
import { dropOlderAside, prepareFence, switchToStaged } from './switch-postgres'

const sessionName = 'bascule restore'

export interface ReplaceInPostgresOptions extends ReplaceSteps {
  readonly url: string
  readonly at: Date
}

/**
 * Fence, safety backup, files, tables: see `restoreBackup`. The safety backup's snapshot is taken in the moment in which
 * writers have ended and wait, before the fence is seen, so that it holds all that was written and no fence.
 *
 * What fails is put in order by `recoverRestore`, which drops the staging schema: the fence falls with it, the live tables
 * are as they were. `restoreBackup` calls it after a failure, the worker after a kill.
 */
export async function replaceInPostgres(options: ReplaceInPostgresOptions, report: Report, signal: AbortSignal): Promise<Replaced> {
  const { url, parts } = options
  if (parts === 'files') return replaceFiles(options, report, signal)
  const schema = schemaOf(url)
  const client = await connectPostgres(url, { applicationName: sessionName, signal })
  try {
    await lockTarget(client)
    const fence = await runPhase('waiting', report, signal, async () => ({ result: await prepareFence(client, schema, restoreReason) }))
    const safetyBackupId = await runPhase('safety', report, signal, async () => {
      try {
        const safety = await options.makeSafety(fence.commit)
        return { result: safety.id, facts: { file: safety.fileName ?? '' } }
      } finally {
        await fence.undo()
      }
    })
    const { put, setAside } = await runPhase('switching', report, signal, async () => {
      const put = await options.putFiles()
      const setAside = await switchToStaged(client, schema, options.at)
      return { result: { put, setAside }, facts: { files: put, setAside } }
    })
    await tidy(client, setAside, report)
    return { safetyBackupId, filesPutBack: put, setAside }
  } catch (error) {
    throw toPostgresError(error, targetLabel(url))
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Puts a database in order in which a restore was cut short: the tables take writes again, what was staged is gone. Safe to
 * repeat; call it under the databases' lease. @returns whether there was something to do
 */
export async function recoverRestore(url: string): Promise<boolean> {
  return withPostgres(url, { applicationName: 'bascule recovery' }, async (client) => {
    // The server notices only at their next word that a killed process's sessions are nobody's; until then they hold locks.
    await endSessions(client, sessionName)
    const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [stagingSchema])
    if (rowCount === 0) return false
    await dropStaging(client)
    return true
  })
}

/** Only files: nobody need wait, since files are only ever added. */
async function replaceFiles(options: ReplaceInPostgresOptions, report: Report, signal: AbortSignal): Promise<Replaced> {
  await runPhase('waiting', report, signal, async () => ({ result: undefined }))
  const safetyBackupId = await runPhase('safety', report, signal, async () => {
    const safety = await options.makeSafety()
    return { result: safety.id, facts: { file: safety.fileName ?? '' } }
  })
  const put = await runPhase('switching', report, signal, async () => {
    const files = await options.putFiles()
    return { result: files, facts: { files } }
  })
  return { safetyBackupId, filesPutBack: put, setAside: null }
}

async function tidy(client: pg.Client, setAside: string, report: Report): Promise<void> {
  try {
    const dropped = await dropOlderAside(client, setAside)
    report({ type: 'log', level: 'info', message: `The tables of before lie in the schema ${setAside} until the next restore.` })
    if (dropped.length > 0) report({ type: 'log', level: 'info', message: `Dropped from earlier restores: ${dropped.join(', ')}.` })
  } catch (error) {
    report({ type: 'log', level: 'warn', message: `Tables of an earlier restore could not be dropped: ${reportError(error).message}` })
  }
}
