/**
 * Proves that two databases hold the same: npm run verify:migration -- --source file:./app.db --target postgresql://…
 *
 * Standard output: the guide's list (step 8), or with --json one result object on the last line.
 * Exit status: 0 all identical; 1 something differs, is unknown, or a database could not be read; 2 wrong usage or configuration.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { readActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { openSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { createCvFilesVerification } from '@/lib/cvsite/verify-cv-files'
import { recopyRows } from '@/lib/migration/recopy-rows'
import { isSound } from '@/lib/verification/verification-result'
import { type VerifyOptions, verifyDatabases } from '@/lib/verification/verify-databases'
import packageJson from '@/package.json' with { type: 'json' }
import { checkedTarget, failTables, fromCaller, interruptSignal, parseArguments, sourcePath } from './command-line'
import { printVerification, withGuideKeys } from './verify/verification-output'
import { showProgress } from './verify/verification-progress'

interface Options {
  readonly source?: string
  readonly target?: string
  readonly schema?: string
  readonly recopy?: true
  readonly json?: true
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('verify:migration')
  .description('Compares every table, row and column of an SQLite database with a PostgreSQL one.')
  .option('--source <file:path>', 'the SQLite file (default: the app’s own, from DATABASE_URL)')
  .option('--target <url>', 'the PostgreSQL database (default: the one the app was migrated to, else TARGET_DATABASE_URL)')
  .option('--schema <path>', 'the Prisma data model, as migrate:postgres takes it; the comparison itself needs none')
  .option('--recopy', 'copy the rows that differ again, then verify anew; refused once the app was switched')
  .option('--json', 'one JSON object on the last line of standard output')
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const options = command.opts<Options>()
  const started = performance.now()
  const progress = showProgress(process.stderr)
  try {
    const sides = await locate(options)
    const signal = interruptSignal()
    const first = await verifyDatabases({ ...sides, version: packageJson.version }, progress.report, signal)
    const differing = first.tables.filter((table) => !isSound(table) && table.differencesTotal > 0).map(({ table }) => table)
    const isRecopied = options.recopy === true && differing.length > 0
    const recopied = isRecopied ? await recopyRows({ ...sides, tables: differing }, progress.report, signal) : null
    const result = recopied ? await verifyDatabases({ ...sides, version: packageJson.version }, progress.report, signal) : first
    progress.stop()
    for (const { table, copied, removed } of recopied?.tables ?? []) console.error(`${table}: ${copied} copied again, ${removed} removed`)
    if (options.json) console.log(JSON.stringify({ ...withGuideKeys(result), ...(recopied ? { recopied: recopied.tables } : {}) }))
    else console.log(printVerification(result, isEnglish()))
    return result.status === 'succeeded' ? 0 : 1
  } catch (error) {
    progress.stop()
    return failTables(error, performance.now() - started, options.json ?? false)
  }
}

/** Whether the terminal's language is English; the guide's is French. */
function isEnglish(): boolean {
  return /^en/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '')
}

type Sides = Pick<VerifyOptions, 'sourcePath' | 'targetUrl' | 'checkFiles'>

/** Both databases: as given, or the app's own. The environment is only read for what was not given. */
async function locate(options: Options): Promise<Sides> {
  if (options.schema !== undefined && !existsSync(fromCaller(options.schema))) {
    throw new AppError({
      code: 'INVALID_INPUT',
      message: 'There is no data model at this path.',
      subject: options.schema,
      hint: 'Check --schema, or leave it out.',
    })
  }
  if (options.source !== undefined && options.target !== undefined) {
    return { sourcePath: sourcePath(options.source), targetUrl: checkedTarget(options.target) }
  }
  loadEnvFiles(root)
  const environment = parseEnvironment(process.env, root)
  const target = options.target === undefined ? await ownTarget(environment) : checkedTarget(options.target)
  if (options.source !== undefined) return { sourcePath: sourcePath(options.source), targetUrl: target }
  // The app's own files belong to the app's own source.
  const checkCvs = createCvFilesVerification({ folder: environment.cvDataDir, key: environment.cvEncryptionKey })
  const checkFiles: VerifyOptions['checkFiles'] = (report, signal) => checkCvs(target, report, signal)
  return { sourcePath: ownSource(environment), targetUrl: target, checkFiles }
}

function ownSource({ database }: Environment): string {
  if (database.engine === 'sqlite') return database.path
  throw new AppError({
    code: 'CONFIG_INVALID',
    message: 'DATABASE_URL does not name an SQLite file.',
    hint: 'Give the file with --source file:/path/app.db.',
  })
}

/** The database that the app was migrated to, as the control store has it; before that, the configured one. */
async function ownTarget(environment: Environment): Promise<string> {
  if (existsSync(environment.controlPath)) {
    const store = await openControlStore(environment.controlPath, { migrationsDir: resolve(root, 'prisma/control/migrations') })
    try {
      const recorded = await readActiveDatabase(store).catch(() => null)
      if (recorded && recorded.state.status !== 'on-sqlite') return openSecret(recorded.state.target.sealedUrl, environment.nextAuthSecret)
    } finally {
      await store.close()
    }
  }
  if (environment.targetUrl !== null) return environment.targetUrl
  throw new AppError({
    code: 'CONFIG_INVALID',
    message: 'There is no target to compare with.',
    hint: 'Give it with --target postgresql://user:password@host:5432/database, or set TARGET_DATABASE_URL.',
  })
}

process.exitCode = await main()
