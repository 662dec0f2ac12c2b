/**
 * When the app is switched to the copy that follows it:
 *   npm run switch:postgres -- [--now | --when-ready | --at TIME [--zone ZONE] [--window MINUTES] | --hold] [--limit MS] [--json]
 *
 * Without a choice it says what is planned. TIME is HH:MM, the next one in the zone, or a moment in ISO 8601. The worker does the
 * switch; --now waits for it. Exit status: 0 chosen, shown or switched; 1 refused or failed; 2 wrong usage or configuration.
 */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { parseEnvironment } from '@/lib/config/environment'
import { readActiveDatabase } from '@/lib/control/active-database'
import { isLive } from '@/lib/control/active-state'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { freezeLimit, heldChoice, type SwitchChoice, type SwitchPlan, switchChoiceSchema, switchWindow } from '@/lib/control/switch-choice'
import { chooseSwitch, readSwitchPlan } from '@/lib/control/switch-plan'
import { readWorkerStatus } from '@/lib/control/workers'
import { AppError } from '@/lib/core/errors'
import { pause } from '@/lib/core/pause'
import { nextRun } from '@/lib/jobs/cron-times'
import { finalStatuses, type JobView } from '@/lib/jobs/job'
import { enqueueJob, getJob } from '@/lib/jobs/job-queue'
import { fail, failureText, interruptSignal, parseArguments, parseFreezeLimit } from './command-line'

interface Options {
  readonly now?: true
  readonly whenReady?: true
  readonly hold?: true
  readonly at?: string
  readonly zone: string
  readonly window: string
  readonly limit?: number
  readonly json?: true
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('switch:postgres')
  .description('Says or chooses when the app is switched to the PostgreSQL copy that follows it.')
  .addOption(new Option('--now', 'now').conflicts(['whenReady', 'hold', 'at']))
  .addOption(new Option('--when-ready', 'as soon as every row was compared and the copy follows').conflicts(['hold', 'at']))
  .addOption(new Option('--at <time>', 'at HH:MM, or at a moment in ISO 8601').conflicts(['hold']))
  .addOption(new Option('--hold', 'not before somebody says so'))
  .option('--zone <name>', 'time zone of HH:MM', Intl.DateTimeFormat().resolvedOptions().timeZone)
  .option('--window <minutes>', 'how long after the time it may still be made', String(switchWindow.usual))
  .option('--limit <ms>', `how long writes may wait for it, ${freezeLimit.least} to ${freezeLimit.most}`, parseFreezeLimit)
  .option('--json', 'one JSON object on the last line of standard output')
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const options = command.opts<Options>()
  try {
    loadEnvFiles(root)
    const control = await openControlStore(parseEnvironment(process.env, root).controlPath)
    try {
      return await run(control, options)
    } finally {
      await control.close()
    }
  } catch (error) {
    return fail(error, (result) => {
      if (options.json) console.log(JSON.stringify(result))
    })
  }
}

async function run(control: ControlStore, options: Options): Promise<number> {
  const { state } = await readActiveDatabase(control)
  if (!isLive(state) || !('jobId' in state) || state.jobId === null) throw noCopy()
  const before = await readSwitchPlan(control, state.jobId)
  const choice = choiceOf(options, before, control.clock.now())
  const actor = `command line, process ${process.pid} on ${hostname()}`
  const plan = choice === null ? before : await chooseSwitch(control, state.jobId, choice, actor)
  if (options.now) return switchNow(control, plan ?? heldChoice, actor, options.json === true)
  console.error(describe(plan))
  if (plan?.when.kind !== undefined && plan.when.kind !== 'held' && !(await readWorkerStatus(control)).alive)
    console.error('No worker runs now; it is the worker that will switch.')
  if (options.json) console.log(JSON.stringify({ status: 'succeeded', plan }))
  return 0
}

/** Null where nothing is chosen. @throws AppError INVALID_INPUT */
function choiceOf(options: Options, before: SwitchPlan | null, now: Date): SwitchChoice | null {
  const { whenReady, hold, at, zone, window, limit } = options
  if (!whenReady && !hold && at === undefined && limit === undefined) return null
  const present = before ?? heldChoice
  const when = hold
    ? { kind: 'held' }
    : whenReady
      ? { kind: 'when-ready' }
      : at === undefined
        ? present.when
        : { kind: 'at', at: momentOf(at, zone, now), zone, windowMinutes: Number(window) }
  const parsed = switchChoiceSchema.safeParse({ when, freezeLimitMs: limit ?? present.freezeLimitMs })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw wrongChoice(`${issue?.path.join('.')}: ${issue?.message}`)
}

function momentOf(text: string, zone: string, now: Date): string {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  if (hours !== undefined) return nextRun(`${Number(minutes)} ${Number(hours)} * * *`, zone, now).toISOString()
  const moment = new Date(text)
  if (Number.isNaN(moment.getTime())) throw wrongChoice('--at takes HH:MM, or a moment such as 2026-05-11T03:00:00+02:00.')
  return moment.toISOString()
}

async function switchNow(control: ControlStore, { freezeLimitMs }: SwitchChoice, requestedBy: string, isJson: boolean): Promise<number> {
  if (!(await readWorkerStatus(control)).alive) throw noWorker()
  const signal = interruptSignal()
  let job: JobView = await enqueueJob(control, { kind: 'cutover', payload: { freezeLimitMs }, requestedBy })
  // Ctrl-C ends the waiting, not the switch.
  while (!finalStatuses.has(job.status) && !signal.aborted) {
    await pause(200, signal)
    job = await getJob(control, job.id)
  }
  const isMade = job.status === 'succeeded'
  console.error(isMade ? 'The app is on PostgreSQL.' : job.error === null ? `The switch is ${job.status}.` : failureText(job.error))
  if (isJson) console.log(JSON.stringify({ status: isMade ? 'succeeded' : 'failed', job: job.id, result: job.result, error: job.error }))
  return isMade ? 0 : 1
}

function describe(plan: SwitchPlan | null): string {
  if (plan === null || plan.when.kind === 'held') return 'The switch is held until somebody says so.'
  if (plan.stopped !== null) return `The planned switch was not made (${plan.stopped.reason}) and is held. Choose anew.`
  const { when } = plan
  const what =
    when.kind === 'when-ready'
      ? 'The app is switched as soon as the copy is ready.'
      : `The app is switched at ${new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone: when.zone }).format(new Date(when.at))} (${when.zone}), or up to ${when.windowMinutes} minutes later.`
  return `${what} Writes wait for ${plan.freezeLimitMs} ms at most.${plan.waitsFor === null ? '' : ` It waits for: ${plan.waitsFor}.`}`
}

function noCopy(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'plan the switch',
    message: 'There is no copy that follows the app and could be switched to.',
    hint: 'Migrate to PostgreSQL first, with the app in use.',
  })
}

function noWorker(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to PostgreSQL',
    message: 'No worker runs, and it is the worker that switches.',
    hint: 'Start the app (npm start), then try again.',
    retryable: true,
  })
}

function wrongChoice(message: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'plan the switch', message, hint: 'See npm run switch:postgres -- --help.' })
}

process.exitCode = await main()
