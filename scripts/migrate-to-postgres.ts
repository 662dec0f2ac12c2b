/**
 * Moves an SQLite database to PostgreSQL: npm run migrate:postgres -- --source file:./app.db --target postgresql://…
 *
 * Progress goes to standard error, as bars on a terminal. Standard output: the counts side by side, or with --json one
 * result object on the last line. Exit status: 0 all well; 1 it ran and failed; 2 wrong usage or configuration.
 * Ctrl-C cancels within a second and leaves the target as it was. Killed instead, the same command goes on where it stood.
 */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { parseEnvironment } from '@/lib/config/environment'
import { AppError, type ErrorReport, errorCodes, exitStatusOf } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { RepairChoice } from '@/lib/core/repair-choice'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import type { MigrationResult } from '@/lib/migration/migration-result'
import { checkedTarget, failTables, interruptSignal, parseArguments, sourcePath } from './command-line'
import { describeFixes, parseFixes } from './migrate/fix-option'
import { printMigration } from './migrate/migration-output'
import { showMigration } from './migrate/migration-progress'
import { migrateOwnDatabase } from './migrate/own-database'
import { planOfFile } from './migrate/plan-of-file'
import { readModel } from './migrate/read-model'
import { enterWorkPlace } from './migrate/work-place'
import { runDryRun, writeSql } from './preflight/dry-run'

interface Options {
  readonly source?: string
  readonly target?: string
  readonly schema?: string
  readonly dryRun?: true
  readonly sql?: string
  readonly setAside?: true
  readonly live?: true
  readonly fix?: readonly string[]
  readonly json?: true
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('migrate:postgres')
  .description('Moves an SQLite database to an empty PostgreSQL one, with its structure, and counts both sides.')
  .option('--source <file:path>', 'any SQLite file (default: the app’s own, from DATABASE_URL, which is then ready to be switched)')
  .option('--target <url>', 'an empty PostgreSQL database (default: TARGET_DATABASE_URL)')
  .option('--schema <path>', 'the source’s Prisma data model, a file or a folder (default: the structure is read from the SQLite file)')
  .option('--dry-run', 'check everything, plan, and show the SQL of the target’s schema; write nothing')
  .option('--sql <file>', 'with --dry-run: write the SQL of the target’s schema to this file instead of showing it')
  .option('--set-aside', 'move an earlier copy of ours in the target to a schema of its own first')
  .option('--live', 'the app goes on writing, and its worker follows the copy until the switch (the app’s own database only)')
  .option(
    '--fix <kind=choice>',
    'repair rows that PostgreSQL would refuse; with --dry-run: say how many each repair would touch (kinds below)',
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  )
  .option('--json', 'one JSON object on the last line of standard output')
  .addHelpText('after', describeFixes())
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const options = command.opts<Options>()
  const started = performance.now()
  const progress = showMigration(process.stderr)
  const signal = interruptSignal()
  try {
    const choices = parseFixes(options.fix ?? [])
    if (options.dryRun && choices.length === 0) {
      const source = options.source === undefined ? null : { path: sourcePath(options.source), model: await readModel(options.schema) }
      if (source === null) refuseSchemaWithoutSource(options)
      const { target, sql, json } = options
      return await runDryRun({ root, source, target, sql, json: json ?? false }, progress, signal)
    }
    const result = await (options.source === undefined
      ? migrateOwn(options, choices, progress.report, signal)
      : migrateFile(options, options.source, choices, progress.report, signal))
    // A file that cannot be read has said so in the result.
    const plan = options.dryRun ? await planOfFile(plannedPath(options), signal).catch(() => null) : null
    progress.stop()
    if (options.dryRun && options.sql !== undefined) await writeSql(options.sql, result.targetSchemaSql)
    if (options.json) console.log(JSON.stringify(plan === null ? result : { ...result, plan }))
    else console.log(printMigration(result, options.sql === undefined, plan))
    return result.error ? exitStatusOf(codeOf(result.error)) : 0
  } catch (error) {
    progress.stop()
    return failTables(error, performance.now() - started, options.json ?? false)
  }
}

/**
 * A file that is not the app's: it is only read, and its snapshot is removed in the end. Killed, the same command goes on
 * from the last committed chunk, as long as the file was not written to since.
 */
async function migrateFile(
  options: Options,
  source: string,
  choices: readonly RepairChoice[],
  report: Report,
  signal: AbortSignal,
): Promise<MigrationResult> {
  if (options.live) {
    throw new AppError({
      code: 'INVALID_INPUT',
      message: '--live is for the app’s own database.',
      hint: 'Leave --source out; no triggers are put into a file that is not the app’s.',
    })
  }
  const targetUrl = checkedTarget(options.target ?? targetFromEnvironment())
  const model = await readModel(options.schema)
  const parent = resolve(root, process.env.DATA_DIR ?? 'data')
  const path = sourcePath(source)
  const place = await enterWorkPlace(parent, path, targetUrl)
  let hasSucceeded = false
  try {
    const result = await migrateDatabase(
      {
        jobId: place.jobId,
        sourcePath: path,
        targetUrl,
        model,
        workDir: place.workDir,
        fenceSource: false,
        setAside: options.setAside ?? false,
        dryRun: options.dryRun ?? false,
        choices,
        // The work folder goes in the end; the list of repaired rows stays.
        repairListFolder: parent,
      },
      report,
      signal,
    )
    hasSucceeded = result.status === 'succeeded' && !result.dryRun
    return { ...result, safetyCopy: null }
  } finally {
    await place.leave(hasSucceeded)
  }
}

/** The app's own database, under the lease and with the app's state, exactly as the button does it. */
async function migrateOwn(
  options: Options,
  choices: readonly RepairChoice[],
  report: Report,
  signal: AbortSignal,
): Promise<MigrationResult> {
  refuseSchemaWithoutSource(options)
  loadEnvFiles(root)
  const environment = parseEnvironment(process.env, root)
  const target = options.target ?? environment.targetUrl
  if (target === null) throw noTarget()
  return migrateOwnDatabase(
    {
      environment,
      root,
      targetUrl: checkedTarget(target),
      setAside: options.setAside ?? false,
      dryRun: options.dryRun ?? false,
      live: options.live ?? false,
      choices,
    },
    report,
    signal,
  )
}

/** The file that a dry run was about. */
function plannedPath({ source }: Options): string {
  if (source !== undefined) return sourcePath(source)
  const { database } = parseEnvironment(process.env, root)
  if (database.engine === 'sqlite') return database.path
  // migrateOwn has refused it before.
  throw new AppError({ code: 'CONFIG_INVALID', message: 'DATABASE_URL does not name an SQLite file.' })
}

function refuseSchemaWithoutSource({ schema }: Options): void {
  if (schema === undefined) return
  throw new AppError({
    code: 'INVALID_INPUT',
    message: '--schema goes with --source.',
    hint: 'The app’s own database is made by its own schema migrations; leave --schema out.',
  })
}

function targetFromEnvironment(): string {
  loadEnvFiles(root)
  const target = process.env.TARGET_DATABASE_URL
  if (target === undefined || target === '') throw noTarget()
  return target
}

function noTarget(): AppError {
  return new AppError({
    code: 'CONFIG_INVALID',
    message: 'There is no target.',
    hint: 'Give it with --target postgresql://user:password@host:5432/database, or set TARGET_DATABASE_URL.',
  })
}

function codeOf(error: NonNullable<MigrationResult['error']>): ErrorReport['code'] {
  return errorCodes.find((code) => code === error.code) ?? 'INTERNAL'
}

process.exitCode = await main()
