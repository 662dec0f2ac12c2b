/**
 * Keeps PostgreSQL for good: npm run finish:postgres -- [--yes] [--remove-original] [--no-record] [--json]
 *
 * What was noted for a way back is taken down, the SQLite file is archived with its date. Asks first, unless --yes is given.
 * Exit status: 0 finished; 1 refused or failed, all is as it was; 2 wrong usage or configuration.
 */
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { appendAudit } from '@/lib/control/audit'
import { openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease } from '@/lib/control/lease'
import { openSecret } from '@/lib/control/secrets'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { type FinishResult, finishSwitch } from '@/lib/migration/live/finish'
import { askWord } from './ask-word'
import { fail, interruptSignal, parseArguments } from './command-line'

interface Options {
  readonly yes?: true
  readonly removeOriginal?: true
  readonly record: boolean
  readonly json?: true
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('finish:postgres')
  .description('Keeps PostgreSQL for good: nothing is noted for a way back any more, and the SQLite file is archived.')
  .option('--yes', 'do not ask')
  .option('--remove-original', 'remove the SQLite file once its archive was compared with it')
  .option('--no-record', 'remove our record of the structure from PostgreSQL as well')
  .option('--json', 'one JSON object on the last line of standard output')
  .exitOverride()

async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const options = command.opts<Options>()
  const answer = (result: object) => {
    if (options.json) console.log(JSON.stringify(result))
  }
  try {
    loadEnvFiles(root)
    const result = await finish(parseEnvironment(process.env, root), options)
    answer({ status: 'succeeded', ...result })
    return 0
  } catch (error) {
    return fail(error, answer)
  }
}

async function finish(environment: Environment, options: Options): Promise<FinishResult> {
  const control = await openControlStore(environment.controlPath)
  try {
    const { state, version } = await readActiveDatabase(control)
    const present = requireStateFor('finish', state)
    await confirm(present.target.label, options)
    const actor = `command line, process ${process.pid} on ${hostname()}`
    const at = control.clock.now()
    await control.write((transaction) =>
      appendAudit(transaction, at, {
        actor,
        action: 'finish.requested',
        subject: 'command line',
        detail: { target: present.target.label },
      }),
    )
    const { database } = environment
    const work = {
      sourcePath: database.engine === 'sqlite' ? database.path : null,
      targetUrl: openSecret(present.target.sealedUrl, environment.nextAuthSecret),
      jobId: present.jobId ?? '',
      archiveFolder: join(environment.dataDir, 'archive'),
      at,
      original: options.removeOriginal ? 'remove' : 'keep',
      keepRecord: options.record,
    } as const
    const request = { name: databasesLease, holder: actor, purpose: 'finish' }
    const result = await withExclusive(control, request, interruptSignal(), (signal) =>
      finishSwitch(
        work,
        async (archive) => {
          const finished = { at: at.toISOString(), jobId: work.jobId, archive: archive?.path ?? null }
          await transitionActiveDatabase(control, { from: version, to: { ...present, jobId: null, finished }, actor })
        },
        (event) => {
          if (event.type === 'log') console.error(event.message)
        },
        signal,
      ),
    )
    if (result.archive) console.error(`The SQLite file is archived: ${result.archive.path} (SHA-256 ${result.archive.sha256}).`)
    return result
  } finally {
    await control.close()
  }
}

/** @throws AppError CONFIRMATION_REQUIRED */
async function confirm(target: string, { yes, removeOriginal }: Options): Promise<void> {
  console.error(`The app runs on ${target}. From now on nothing is noted there for a way back to SQLite: that leads over a backup then.`)
  console.error(
    `The SQLite file is archived${removeOriginal ? ', compared, and the original removed' : ' and compared; the original stays, closed for writes'}.`,
  )
  if (!yes) await askWord('PostgreSQL')
}

process.exitCode = await main()
