/**
 * Switches the app back to SQLite: npm run rollback:sqlite -- [--leave-behind N] [--json]
 *
 * What was written on PostgreSQL since the switch stays there. The command shows how much that is and asks; without a
 * terminal to ask on, `--leave-behind N` is the answer: N is the number that was shown.
 * Exit status: 0 switched back; 1 refused or failed, the app is where it was; 2 wrong usage or configuration.
 */
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command, InvalidArgumentError } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { appendAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease, leaseHeld } from '@/lib/control/lease'
import { openSecret } from '@/lib/control/secrets'
import { AppError, exitStatusOf, reportError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { exclusiveKinds } from '@/lib/jobs/job'
import { findActiveJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { previewRollback, type RollBackResult, type RollbackPreview, rollBack } from '@/lib/migration/roll-back'
import { parseArguments } from './command-line'

interface Options {
  readonly leaveBehind?: number
  readonly json?: true
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('rollback:sqlite')
  .description('Switches the app back to SQLite. What was written on PostgreSQL since the switch stays there.')
  .option('--leave-behind <number>', 'how many changes may stay behind; asked for when absent', wholeNumber)
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
    const result = await switchBack(parseEnvironment(process.env, root), options)
    console.error(`The app is back on SQLite.${result.leftBehindFile ? ` Keys of what stays behind: ${result.leftBehindFile}` : ''}`)
    answer({ status: 'succeeded', ...result })
    return 0
  } catch (error) {
    const report = reportError(error)
    console.error(`${report.message}${report.hint ? `\n${report.hint}` : ''}`)
    answer({ status: 'failed', error: report })
    return error instanceof AppError ? exitStatusOf(error.code) : 1
  }
}

async function switchBack(environment: Environment, options: Options): Promise<RollBackResult> {
  const control = await openControlStore(environment.controlPath)
  const signal = interruptSignal()
  try {
    const { state, version } = await readActiveDatabase(control)
    const { target } = requireStateFor('rollback', state)
    const sourcePath = sqlitePathOf(environment)
    await refuseBesideJobs(control)
    const targetUrl = openSecret(target.sealedUrl, environment.nextAuthSecret)
    const acknowledgedChanges = await acknowledge(await previewRollback({ targetUrl }), options.leaveBehind)
    await mkdir(environment.dataDir, { recursive: true })
    const actor = `command line, process ${process.pid} on ${hostname()}`
    const at = control.clock.now()
    const detail = { acknowledgedChanges, target: target.label }
    await control.write((transaction) =>
      appendAudit(transaction, at, { actor, action: 'rollback.requested', subject: 'command line', detail }),
    )
    const flip = async () => void (await transitionActiveDatabase(control, { from: version, to: { status: 'on-sqlite' }, actor }))
    const work = { sourcePath, targetUrl, acknowledgedChanges, workDir: environment.dataDir }
    const request = { name: databasesLease, holder: actor, purpose: 'rollback' }
    return await withExclusive(control, request, signal, (held) => rollBack(work, flip, printEvent, held))
  } finally {
    await control.close()
  }
}

/** The number of changes that a person accepts to leave behind. @throws AppError CONFIRMATION_REQUIRED */
async function acknowledge({ total, tables }: RollbackPreview, given: number | undefined): Promise<number> {
  for (const { table, inserted, updated, deleted } of tables) {
    console.error(`${table}: ${inserted} new, ${updated} changed, ${deleted} deleted on PostgreSQL`)
  }
  console.error(`${total} change${total === 1 ? '' : 's'} would stay behind on PostgreSQL.`)
  if (total === 0 || (given !== undefined && given >= total)) return total
  if (given === undefined && process.stdin.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    const typed = await terminal.question('Type SQLite to switch back all the same: ').finally(() => terminal.close())
    if (typed.trim() === 'SQLite') return total
  }
  throw new AppError({
    code: 'CONFIRMATION_REQUIRED',
    operation: 'switch back to SQLite',
    message: `${total} changes that were made on PostgreSQL since the switch would stay behind. Nothing was changed.`,
    hint: `To accept that: npm run rollback:sqlite -- --leave-behind ${total}`,
  })
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

function printEvent(event: ProgressEvent): void {
  if (event.type === 'log') console.error(event.message)
}

/** Ctrl-C: the app stays where it is when it has not been switched yet. */
function interruptSignal(): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort())
  return interrupted.signal
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a whole number, please')
}

process.exitCode = await main()
