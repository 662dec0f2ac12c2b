/**
 * Am I ready? npm run preflight -- [--target postgresql://…] checks the app's own migration and writes nothing, as
 * `npm run migrate:postgres -- --dry-run` does. With --fingerprints it prints one-way fingerprints of the keys alone, to
 * be pasted into another environment's page.
 *
 * Exit status: 0 ready (or printed); 1 not ready or not known; 2 wrong usage or configuration.
 */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { AppError } from '@/lib/core/errors'
import { fingerprintsOf, secretsOf } from '@/lib/preflight/secret-checks'
import { failTables, interruptSignal, parseArguments } from './command-line'
import { showMigration } from './migrate/migration-progress'
import { runDryRun } from './preflight/dry-run'

interface Options {
  readonly target?: string
  readonly fingerprints?: true
  readonly sql?: string
  readonly json?: true
}

const root = resolve(import.meta.dirname, '..')

const command = new Command('preflight')
  .description('Checks everything that can be known before the app’s own migration, and writes nothing.')
  .option('--target <url>', 'the PostgreSQL database to check against (default: TARGET_DATABASE_URL)')
  .option('--fingerprints', 'print fingerprints of the keys, to compare with another environment, and nothing else')
  .option('--sql <file>', 'write the SQL of the target’s schema to this file instead of showing it')
  .option('--json', 'one JSON object on the last line of standard output')
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const options = command.opts<Options>()
  const started = performance.now()
  const progress = showMigration(process.stderr)
  try {
    if (options.fingerprints) return printFingerprints(options.json ?? false)
    const { target, sql, json } = options
    return await runDryRun({ root, source: null, target, sql, json: json ?? false }, progress, interruptSignal())
  } catch (error) {
    progress.stop()
    return failTables(error, performance.now() - started, options.json ?? false)
  }
}

function printFingerprints(json: boolean): 0 {
  loadEnvFiles(root)
  const fingerprints = fingerprintsOf(secretsOf(process.env))
  if (fingerprints.length === 0) {
    throw new AppError({
      code: 'CONFIG_INVALID',
      message: 'Neither CV_ENCRYPTION_KEY nor NEXTAUTH_SECRET can be read.',
      hint: 'Set them in .env; .env.example describes both.',
    })
  }
  if (json) console.log(JSON.stringify({ fingerprints }))
  else for (const { name, fingerprint } of fingerprints) console.log(`${name.padEnd(18)} ${fingerprint}`)
  return 0
}

process.exitCode = await main()
