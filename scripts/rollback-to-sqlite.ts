/**
 * Switches the app back to SQLite: npm run rollback:sqlite -- [--limit MS | --emergency [--yes] | --left-behind FILE] [--json]
 *
 * What was written on PostgreSQL since the switch is carried to SQLite first, while the app goes on; its writes wait for less
 * than a second in the end.
 * With --emergency, while PostgreSQL is gone: at once and without what was written there. With --left-behind, after that and once
 * PostgreSQL can be reached: closes it for writes and lists the rows that stayed behind, with their contents.
 * Exit status: 0 switched back; 1 refused or failed, the app is where it was; 2 wrong usage or configuration.
 */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { backOnSqlite } from '@/lib/control/active-state'
import { appendAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease, leaseHeld } from '@/lib/control/lease'
import { openSecret } from '@/lib/control/secrets'
import { freezeLimit } from '@/lib/control/switch-choice'
import { AppError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { exclusiveKinds } from '@/lib/jobs/job'
import { findActiveJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { previewRollback, type RollbackPreview } from '@/lib/migration/preview-roll-back'
import { type RollBackResult, rollBack } from '@/lib/migration/roll-back'
import { fail, fromCaller, parseArguments, parseFreezeLimit } from './command-line'
import { leaveInEmergency, listLeftBehind } from './rollback/emergency-commands'

interface Options {
  readonly json?: true
  readonly emergency?: true
  readonly yes?: true
  readonly leftBehind?: string
  readonly limit?: number
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('rollback:sqlite')
  .description('Switches the app back to SQLite, with everything that was written on PostgreSQL since the switch.')
  .option('--emergency', 'PostgreSQL is gone: switch at once, and leave behind what was written there')
  .option('--yes', 'with --emergency: do not ask')
  .option('--left-behind <file>', 'after an emergency: close PostgreSQL for writes, and write the rows that stayed behind to a file')
  .option('--limit <ms>', `how long writes may wait for the switch, ${freezeLimit.least} to ${freezeLimit.most}`, parseFreezeLimit)
  .option('--json', 'one JSON object on the last line of standard output')
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const options = command.opts<Options>()
  const started = performance.now()
  const answer = (result: object) => {
    if (options.json) console.log(JSON.stringify({ ...result, elapsedMs: Math.round(performance.now() - started) }))
  }
  try {
    loadEnvFiles(root)
    const environment = parseEnvironment(process.env, root)
    const result = await (options.emergency
      ? leaveInEmergency(environment, options.yes === true)
      : options.leftBehind === undefined
        ? switchBack(environment, options.limit)
        : listLeftBehind(environment, fromCaller(options.leftBehind)))
    answer({ status: 'succeeded', ...result })
    return 0
  } catch (error) {
    return fail(error, answer)
  }
}

async function switchBack(environment: Environment, limit: number | undefined): Promise<RollBackResult> {
  const control = await openControlStore(environment.controlPath)
  const signal = interruptSignal()
  try {
    const { state, version } = await readActiveDatabase(control)
    const { target, jobId } = requireStateFor('rollback', state)
    const sourcePath = sqlitePathOf(environment)
    await refuseBesideJobs(control)
    const targetUrl = openSecret(target.sealedUrl, environment.nextAuthSecret)
    announce(await previewRollback({ targetUrl }))
    const actor = `command line, process ${process.pid} on ${hostname()}`
    const at = control.clock.now()
    const detail = { target: target.label }
    await control.write((transaction) =>
      appendAudit(transaction, at, { actor, action: 'rollback.requested', subject: 'command line', detail }),
    )
    const flip = async (log: string | null) => {
      const to = backOnSqlite({ jobId, target, at: control.clock.now(), log })
      await transitionActiveDatabase(control, { from: version, to, actor })
    }
    const work = { sourcePath, targetUrl, ...(limit === undefined ? {} : { freezeLimitMs: limit }) }
    const request = { name: databasesLease, holder: actor, purpose: 'rollback' }
    return await withExclusive(control, request, signal, (held) => rollBack(work, flip, printEvent, held))
  } finally {
    await control.close()
  }
}

/** A job that waits or runs in the worker goes first, as the page would say too. */
async function refuseBesideJobs(control: ControlStore): Promise<void> {
  const job = await findActiveJob(control)
  if (!job || !exclusiveKinds.has(job.kind)) return
  throw leaseHeld({ holder: job.requestedBy, purpose: job.kind, acquiredAt: new Date(job.createdAt) })
}

function sqlitePathOf({ database }: Environment): string {
  if (database.engine === 'sqlite') return database.path
  throw new AppError({
    code: 'CONFIG_INVALID',
    operation: 'switch back to SQLite',
    message: 'DATABASE_URL does not name the SQLite file to go back to.',
    hint: 'Set it to that file, for example DATABASE_URL="file:./dev.db", and try again.',
  })
}

function announce({ total, tables, estimatedMs }: RollbackPreview): void {
  for (const { table, inserted, updated, deleted } of tables) {
    console.error(`${table}: ${inserted} new, ${updated} changed, ${deleted} deleted on PostgreSQL`)
  }
  console.error(`${total} change${total === 1 ? '' : 's'} to carry to SQLite; that takes about ${Math.ceil(estimatedMs / 1000)} s.`)
}

function printEvent(event: ProgressEvent): void {
  if (event.type === 'log') console.error(event.message)
}

/** Ctrl-C: the app stays where it is when it has not been switched yet. */
function interruptSignal(): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort())
  return interrupted.signal
}

process.exitCode = await main()
