/**
 * Backups from the terminal and from cron:
 *   npm run backup -- create | list | verify ID | copy ID | restore ID | prune | destinations [--json]
 *
 * The same archives, the same catalogue and the same lease as the Backups page. Progress goes to standard error; with
 * --json one result object is the last line of standard output.
 * Exit status: 0 all well; 1 it ran and something is wrong (a trial that failed, no backup); 2 wrong usage or configuration.
 */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { getBackup, listBackups } from '@/lib/backup/backup-catalogue'
import { createBackupSetup } from '@/lib/backup/backup-setup'
import type { BackupView } from '@/lib/backup/backup-view'
import type { PostgresFormat } from '@/lib/backup/database-snapshot'
import { pruneCopies } from '@/lib/backup/destinations/prune-copies'
import { noKeys } from '@/lib/backup/encryption'
import { parseTypedKey } from '@/lib/backup/key-policy'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { previewRetention, pruneBackups, readRetention } from '@/lib/backup/prune-backups'
import { previewRestore, restoreBackup } from '@/lib/backup/restore-backup'
import { requireKnownSchema } from '@/lib/backup/restore-plan'
import { countKept, type KeepReason } from '@/lib/backup/retention'
import { trialBackup } from '@/lib/backup/trial-backup'
import { loadEnvFiles } from '@/lib/config/env-files'
import { parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease, leaseHeld } from '@/lib/control/lease'
import { openSecret } from '@/lib/control/secrets'
import { exclusiveKinds } from '@/lib/jobs/job'
import { findActiveJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { initialState } from '@/lib/jobs/sealed-target'
import { copyBack } from '@/lib/migration/copy-back'
import { copyFileWith } from '@/lib/migration/copy-file'
import packageJson from '@/package.json' with { type: 'json' }
import { backupTable, placesOf, printBackupEvent, resultOf } from './backup/backup-output'
import { copyTo, destinationIds, showDestinations } from './backup/destination-commands'
import type { Outcome } from './backup/outcome'
import { fail, fromCaller, interruptSignal, parseArguments } from './command-line'

const root = resolve(import.meta.dirname, '..')
let run: ((setup: BackupSetup, signal: AbortSignal) => Promise<Outcome>) | undefined

interface CreateOptions {
  readonly includeEnv?: true
  readonly format: PostgresFormat
  readonly trial: boolean
  readonly encrypted?: true
  readonly to?: readonly string[] | false
}

interface RestoreCommandOptions {
  readonly only?: 'database' | 'files'
  readonly keyFile?: string
  readonly from?: string
  readonly yes?: true
}

const json = () => new Option('--json', 'one JSON object on the last line of standard output')
const command = new Command('backup').description('Makes, lists and tries backups of the app.').exitOverride()

command
  .command('create')
  .description('Makes a backup of database and files and restores it for a trial.')
  .option('--include-env', 'take .env along; only where backups are encrypted')
  .option('--encrypted', 'fail when no encryption is set, instead of writing in the clear')
  .addOption(
    new Option('--format <format>', 'what PostgreSQL is dumped with').choices(['auto', 'custom', 'plain', 'portable']).default('auto'),
  )
  .option('--no-trial', 'do not restore it for a trial')
  .option('--to <destination...>', 'copy it to these destinations, by name or id (default: all that are in use)')
  .option('--no-to', 'copy it nowhere')
  .addOption(json())
  .action((options: CreateOptions) => {
    run = (setup, signal) => create(setup, options, signal)
  })

command
  .command('list')
  .description('Lists the backups, newest first.')
  .addOption(json())
  .action(() => {
    run = async (setup) => {
      const backups = await listBackups(setup)
      return {
        status: 0,
        result: { status: 'succeeded', backups: backups.map((backup) => resultOf(backup, setup.folder)) },
        lines: backupTable(backups),
      }
    }
  })

command
  .command('verify')
  .description('Restores a backup for a trial and counts it.')
  .option('--from <destination>', 'the copy at this destination, by name or id (default: the archive here, or else the nearest copy)')
  .argument('<id>', 'as `list` shows it')
  .option('--key-file <path>', 'a file with the passphrase or the private key, where this server has none')
  .addOption(json())
  .action((id: string, options: { readonly keyFile?: string; readonly from?: string }) => {
    run = (setup, signal) => verify(setup, id, options, signal)
  })

command
  .command('copy')
  .description('Copies a backup to destinations that do not have it.')
  .argument('<id>', 'as `list` shows it')
  .option('--to <destination...>', 'these destinations, by name or id (default: all that are in use)')
  .addOption(json())
  .action((id: string, options: { readonly to?: readonly string[] }) => {
    run = (setup, signal) => copyTo(setup, id, options.to, signal)
  })

command
  .command('destinations')
  .description('Lists the destinations and, with --test, tries each of them.')
  .option('--test', 'write, read, list and delete a small object at each')
  .addOption(json())
  .action((options: { readonly test?: true }) => {
    run = (setup, signal) => showDestinations(setup, options.test ?? false, signal)
  })

command
  .command('restore')
  .description('Brings a backup back into the app. What was written since is lost, but for the safety backup made first.')
  .argument('<id>', 'as `list` shows it')
  .addOption(new Option('--only <part>', 'restore only this').choices(['database', 'files']))
  .option('--key-file <path>', 'a file with the passphrase or the private key, where this server has none')
  .option('--from <destination>', 'the copy at this destination, by name or id (default: the archive here, or else the nearest copy)')
  .option('--yes', 'do it; without it only what would change is shown')
  .addOption(json())
  .action((id: string, options: RestoreCommandOptions) => {
    run = (setup, signal) => restore(setup, id, options, signal)
  })

command
  .command('prune')
  .description('Deletes the backups that the rules of the Backups page let go.')
  .option('--dry-run', 'only say which')
  .addOption(json())
  .action((options: { readonly dryRun?: true }) => {
    run = (setup, signal) => prune(setup, options.dryRun ?? false, signal)
  })

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const wantsJson = process.argv.includes('--json')
  const started = performance.now()
  const answer = (result: object) => {
    if (wantsJson) console.log(JSON.stringify({ ...result, elapsedMs: Math.round(performance.now() - started) }))
  }
  try {
    if (!run) return 2
    const outcome = await withSetup(run)
    for (const line of outcome.lines) (wantsJson ? console.error : console.log)(line)
    answer(outcome.result)
    return outcome.status
  } catch (error) {
    return fail(error, answer)
  }
}

async function create(setup: BackupSetup, options: CreateOptions, signal: AbortSignal): Promise<Outcome> {
  const wish = {
    origin: 'command-line' as const,
    requestedBy: `command line on ${hostname()}`,
    jobId: null,
    includeEnvironment: options.includeEnv ?? false,
    format: options.format,
    trial: options.trial,
    holder: `command line, process ${process.pid} on ${hostname()}`,
    ...(options.encrypted ? { encrypt: true } : {}),
    ...(options.to === undefined ? {} : { copyTo: await destinationIds(setup.store, options.to === false ? [] : options.to) }),
  }
  return outcomeOf(setup, await makeBackup(setup, wish, printBackupEvent, signal))
}

async function verify(
  setup: BackupSetup,
  id: string,
  { keyFile, from: fromName }: { readonly keyFile?: string; readonly from?: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const keys = keyFile === undefined ? noKeys : parseTypedKey((await readFile(fromCaller(keyFile), 'utf8')).trim())
  await getBackup(setup, id)
  const [from = null] = fromName === undefined ? [] : await destinationIds(setup.store, [fromName])
  const holder = `command line, process ${process.pid} on ${hostname()}`
  return outcomeOf(setup, await trialBackup(setup, { id, keys, holder, from }, printBackupEvent, signal))
}

async function restore(setup: BackupSetup, id: string, options: RestoreCommandOptions, signal: AbortSignal): Promise<Outcome> {
  const { store } = setup
  requireStateFor('restore', (await readActiveDatabase(store)).state)
  const preview = await previewRestore(setup, id, signal)
  requireKnownSchema(preview)
  const changes = preview.tables.filter(({ archiveRows, presentRows }) => archiveRows !== presentRows)
  const lines = changes.map(
    ({ table, archiveRows, presentRows }) => `${table}: ${presentRows ?? '-'} rows now, ${archiveRows ?? '-'} in the backup`,
  )
  if (!options.yes) {
    const message = 'Nothing was changed. To restore it, repeat the command with --yes.'
    return {
      status: 1,
      result: { status: 'failed', preview, error: { code: 'CONFIRMATION_REQUIRED', message } },
      lines: [...lines, message],
    }
  }
  const job = await findActiveJob(store)
  if (job && exclusiveKinds.has(job.kind))
    throw leaseHeld({ holder: job.requestedBy, purpose: job.kind, acquiredAt: new Date(job.createdAt) })
  const keys = options.keyFile === undefined ? noKeys : parseTypedKey((await readFile(fromCaller(options.keyFile), 'utf8')).trim())
  const holder = `command line, process ${process.pid} on ${hostname()}`
  const [from = null] = options.from === undefined ? [] : await destinationIds(store, [options.from])
  const work = { id, parts: options.only ?? 'all', keys, from, requestedBy: `command line on ${hostname()}`, jobId: null, holder } as const
  const request = { name: databasesLease, holder, purpose: 'restore' }
  const result = await withExclusive(store, request, signal, (held) => restoreBackup(setup, work, printBackupEvent, held))
  const undo = `Restored. To undo it: npm run backup -- restore ${result.safetyBackupId} --yes`
  return { status: 0, result: { status: 'succeeded', ...result }, lines: [...lines, undo] }
}

async function prune(setup: BackupSetup, dryRun: boolean, signal: AbortSignal): Promise<Outcome> {
  const rules = await readRetention(setup.store)
  if (rules === null) {
    return { status: 0, result: { status: 'succeeded', rules, removed: [] }, lines: ['No rules are set: every backup is kept.'] }
  }
  const plan = await previewRetention(setup, rules)
  const { remove, heldBack } = plan
  const kept = countKept(plan)
  const removed = dryRun ? remove : await pruneBackups(setup, `command line, process ${process.pid} on ${hostname()}`, signal)
  const copies = dryRun
    ? { removed: [], problems: [] }
    : await pruneCopies(setup, `command line, process ${process.pid} on ${hostname()}`, signal)
  const lines = [
    ...copies.removed.map((copy) => `${copy.id} deleted at ${copy.destination}`),
    ...copies.problems,
    ...(heldBack ? ['The latest backup failed: nothing is deleted.'] : []),
    ...removed.map((id) => `${id}${dryRun ? ' would go' : ' deleted'}`),
  ]
  return {
    status: 0,
    result: { status: 'succeeded', rules, heldBack, kept, dryRun, removed, copies },
    lines: [
      ...(lines.length > 0 ? lines : ['Nothing to delete.']),
      ...(kept.length > 0 ? [`Kept: ${kept.map(({ reason, count }) => `${count} ${keptBecause[reason]}`).join(', ')}.`] : []),
    ],
  }
}

/** After a number of backups. */
const keptBecause: Record<KeepReason, string> = {
  'newest-good': 'newest good',
  locked: 'locked',
  upload: 'brought from elsewhere',
  safety: 'made before a restore, to undo it',
  future: 'dated in the future by a clock that was ahead',
  last: 'among the newest',
  days: 'of the last days',
  daily: 'as the one of its day',
  weekly: 'as the one of its week',
  monthly: 'as the one of its month',
  'latest-failed': 'because the latest backup failed',
  'failed-note': 'only a note of a failed attempt',
}

function outcomeOf(setup: BackupSetup, backup: BackupView): Outcome {
  const notCopied = backup.copies.filter(({ status }) => status === 'failed')
  const failed = backup.trial?.status === 'failed' || notCopied.length > 0
  const said =
    backup.trial === null
      ? 'not tried'
      : backup.trial.status === 'passed'
        ? 'restore-tested'
        : (backup.trial.problem ?? backup.trial.status)
  const lines = [
    `${backup.id}  ${backup.fileName ?? ''}  ${said}  ${placesOf(backup)}`,
    ...notCopied.map(({ name, error }) => `Not copied to ${name ?? 'a destination'}: ${error?.message ?? 'no reason was given'}`),
  ]
  return { status: failed ? 1 : 0, result: { ...resultOf(backup, setup.folder), status: failed ? 'failed' : 'succeeded' }, lines }
}

async function withSetup(work: NonNullable<typeof run>): Promise<Outcome> {
  loadEnvFiles(root)
  const environment = parseEnvironment(process.env, root)
  const store = await openControlStore(environment.controlPath, { migrationsDir: join(root, 'prisma', 'control', 'migrations') })
  try {
    await initialiseActiveDatabase(store, initialState(environment, store.clock.now()), 'command line')
    const { name, version } = packageJson
    const openTarget = (target: { readonly sealedUrl: string }) => openSecret(target.sealedUrl, environment.nextAuthSecret)
    const setup = createBackupSetup({ environment, store, root, app: { name, version }, openTarget })
    return await work({ ...setup, copyFile: copyFileWith(root), copyBack }, interruptSignal())
  } finally {
    await store.close()
  }
}

process.exitCode = await main()
