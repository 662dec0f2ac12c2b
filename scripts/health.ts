/**
 * How is the database? npm run health -- [--json] reads every panel of the app's active database, as the Database page does,
 * and prints what wants attention. For cron: the exit status says whether to look.
 *
 * Exit status: 0 nothing critical; 1 something critical, or the database cannot be read; 2 wrong usage or configuration.
 */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadEnvFiles } from '@/lib/config/env-files'
import { parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { activeSource } from '@/lib/control/active-source'
import { openControlStore } from '@/lib/control/control-store'
import { openSecret } from '@/lib/control/secrets'
import { AppError, exitStatusOf, reportError } from '@/lib/core/errors'
import { initialState } from '@/lib/jobs/sealed-target'
import { readHealth } from '@/lib/monitoring/health'
import type { HealthReport } from '@/lib/monitoring/health-report'
import messages from '@/messages/en.json' with { type: 'json' }
import { failureText, parseArguments } from './command-line'

const root = resolve(import.meta.dirname, '..')
const shownItems = 10

const command = new Command('health')
  .description('Reads the app’s active database as the Database page does, and prints what wants attention.')
  .option('--json', 'the whole report as one JSON object on the last line of standard output')
  .exitOverride()

/** Runs the command; answers its exit status. */
async function main(): Promise<number> {
  const status = parseArguments(command)
  if (status !== null) return status
  const isJson = command.opts<{ json?: true }>().json ?? false
  try {
    const report = await read()
    if (isJson) console.log(JSON.stringify(report))
    else print(report)
    return report.checks.some(({ level }) => level === 'critical') ? 1 : 0
  } catch (error) {
    const failure = reportError(error)
    if (isJson) console.log(JSON.stringify({ error: failure }))
    console.error(failureText(failure))
    return error instanceof AppError ? exitStatusOf(error.code) : 1
  }
}

async function read(): Promise<HealthReport> {
  loadEnvFiles(root)
  const environment = parseEnvironment(process.env, root)
  const store = await openControlStore(environment.controlPath)
  try {
    await initialiseActiveDatabase(store, initialState(environment, store.clock.now()), 'command line')
    const { state } = await readActiveDatabase(store)
    const sqlitePath = environment.database.engine === 'sqlite' ? environment.database.path : null
    const source = activeSource(state, sqlitePath, (target) => openSecret(target.sealedUrl, environment.nextAuthSecret))
    return await readHealth(source, { store })
  } finally {
    await store.close()
  }
}

/** One line a check that is not well, then its items with the SQL that mends them. */
function print(report: HealthReport): void {
  const { database } = messages
  console.log(`${report.engine} ${report.version ?? ''} · ${report.label}`)
  const open = report.checks.filter(({ level }) => level !== 'ok')
  for (const { code, level, reason, items, sql, count } of open) {
    const more = items.length > 0 && count > shownItems ? ` (${count}, the first ${shownItems} of them)` : ''
    console.log(
      `${level.toUpperCase().padEnd(9)} ${database.checks[code].title}${reason === null ? '' : `: ${database.unknown[reason]}`}${more}`,
    )
    if (sql !== null) console.log(indented(sql))
    for (const item of items.slice(0, shownItems))
      console.log(`          ${item.subject}${item.sql === null ? '' : `\n${indented(item.sql)}`}`)
  }
  console.log(`${report.checks.length - open.length} of ${report.checks.length} checks are well.`)
}

function indented(sql: string): string {
  return sql.replace(/^/gm, '            ')
}

process.exitCode = await main()
