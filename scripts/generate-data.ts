/**
 * Fills an empty database with demo data: npm run data:generate -- --users 2000
 * Seeded and repeatable: the same seed gives the same rows and the same encrypted files, byte for byte.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { filePath, parseEnvironment } from '@/lib/config/environment'
import { AppError, exitStatusOf, reportError } from '@/lib/core/errors'
import { demoAccounts } from '@/lib/cvsite/demo-data/people'
import { writeDemoData } from '@/lib/cvsite/demo-data/write-demo-data'
import { ensureSchema } from '@/lib/database/ensure-schema'

interface Options {
  readonly users: number
  readonly seed: string
  readonly database?: string
  readonly cvData?: string
  readonly cvFiles: number
  readonly json?: true
}

const command = new Command('data:generate')
  .description('Fills an empty SQLite database with demo data: the same seed, the same rows.')
  .option('--users <number>', 'users to make, one administrator on top', wholeNumber, 200)
  .option('--seed <text>', 'any text', '1')
  .option('--database <file:path>', 'the SQLite file, relative to the working folder (default: DATABASE_URL)')
  .option('--cv-data <folder>', 'folder of the encrypted CVs (default: CV_DATA_DIR, else prisma/cv_data)')
  .option('--cv-files <number>', 'at most so many CVs', wholeNumber, 10_000)
  .option('--json', 'one JSON object on standard output')
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  try {
    command.parse()
  } catch (error) {
    // commander has said what is wrong; help asked for is no error.
    return (error as { exitCode?: number }).exitCode === 0 ? 0 : 2
  }
  const options = command.opts<Options>()
  try {
    await generate(options)
    return 0
  } catch (error) {
    const { message, hint } = reportError(error)
    console.error(`${message}${hint ? `\n${hint}` : ''}`)
    return error instanceof AppError ? exitStatusOf(error.code) : 1
  }
}

async function generate(options: Options): Promise<void> {
  const root = resolve(import.meta.dirname, '..')
  if (existsSync(resolve(root, '.env'))) process.loadEnvFile(resolve(root, '.env'))
  const environment = parseEnvironment(process.env, root)
  const path = locate(options.database, environment.database)
  const started = performance.now()
  await ensureSchema({ engine: 'sqlite', path }, root)
  const counts = await writeDemoData({
    path,
    users: options.users,
    seed: options.seed,
    cvFolder: options.cvData ? resolve(options.cvData) : environment.cvDataDir,
    cvKey: environment.cvEncryptionKey,
    maxCvFiles: options.cvFiles,
    onProgress: (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done - 1} of ${options.users} users`)
    },
  })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const rows = Object.values(counts.tables).reduce((sum, count) => sum + count, 0)
  const elapsedMs = Math.round(performance.now() - started)
  if (options.json) {
    console.log(JSON.stringify({ status: 'succeeded', path, rows, ...counts, elapsedMs }))
    return
  }
  for (const [table, count] of Object.entries(counts.tables)) console.log(`${table.padEnd(20)}${String(count).padStart(10)}`)
  console.log(`${'rows'.padEnd(20)}${String(rows).padStart(10)}`)
  console.log(`${'encrypted CVs'.padEnd(20)}${String(counts.cvFiles).padStart(10)}`)
  console.log(`${path}, ${(elapsedMs / 1000).toFixed(1)} s`)
  console.log(
    `Sign in as ${demoAccounts.admin.email} / ${demoAccounts.admin.password} or ${demoAccounts.user.email} / ${demoAccounts.user.password}`,
  )
}

function locate(given: string | undefined, configured: { engine: string; path?: string }): string {
  if (given?.startsWith('file:')) return filePath(given, process.cwd())
  if (given === undefined && configured.path !== undefined) return configured.path
  throw new AppError({
    code: 'INVALID_INPUT',
    operation: 'write demo data',
    message: 'Demo data is written to a SQLite file.',
    hint: 'Give one with --database file:./name.db, or set DATABASE_URL to one.',
  })
}

function wholeNumber(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

process.exitCode = await main()
