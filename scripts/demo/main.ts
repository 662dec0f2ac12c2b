import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import getPort from 'get-port'
import { demoAccounts } from '@/lib/cvsite/demo-data/people'
import { type EmbeddedServer, startEmbeddedPostgres } from '../embedded-postgres'
import { runScript } from '../run-script'
import { appEnvironment, startApp } from './app'
import { ensureBuild } from './build'
import {
  type DemoFolder,
  type DemoSettings,
  demoFolder,
  findRunningDemo,
  noteRunning,
  openSettings,
  resetDemo,
  saveSettings,
} from './demo-folder'
import { createDatabase } from './postgres-database'
import { migrateInTerminal } from './terminal-migration'

interface Options {
  readonly reset: boolean
  readonly migrate: boolean
  readonly users: number
}

const say = (line: string) => console.log(line)

/**
 * Runs the demo until it is interrupted, or its main job in the terminal.
 *
 * @returns the exit status: 0 after Ctrl-C and after a good migration, 1 after a failure, 2 for wrong usage
 */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args)
  if (options === undefined) return 2
  const interrupted = interruption()
  const folder = demoFolder(process.cwd())
  const closers: (() => Promise<void>)[] = []
  try {
    return await run(options, folder, interrupted, (close) => closers.unshift(close))
  } catch (error) {
    if (interrupted.aborted) return 0
    console.error(error instanceof Error ? error.message : error)
    return 1
  } finally {
    for (const close of closers) await close().catch((error) => console.error(error))
  }
}

async function run(
  options: Options,
  folder: DemoFolder,
  interrupted: AbortSignal,
  whenEnding: (close: () => Promise<void>) => void,
): Promise<number> {
  const running = await findRunningDemo(folder)
  if (running && (options.reset || !options.migrate)) {
    console.error(`The demo of this folder is running already: ${running.url} (process ${running.pid}). Stop it there with Ctrl-C first.`)
    return 1
  }
  if (options.reset) await resetDemo(folder)
  const settings = await prepareData(folder, options, interrupted)
  if (interrupted.aborted) return 0
  const postgresUrl = running?.postgresUrl ?? (await startPostgres(folder, settings, whenEnding)).url
  if (options.migrate) return migrateInTerminal({ folder, settings, postgresUrl, signal: interrupted, say })

  await ensureBuild(folder, say, interrupted)
  if (interrupted.aborted) return 0
  const targetUrl = await createDatabase(postgresUrl, 'cvsite')
  const port = await getPort({ port: 3000 })
  const url = `http://localhost:${port}`
  whenEnding(await noteRunning(folder, { pid: process.pid, url, postgresUrl }))
  say('Starting web and worker …')
  const app = startApp(folder, appEnvironment(folder, settings, { port, targetUrl }))
  whenEnding(() => app.stop())
  await app.healthy(interrupted)
  if (interrupted.aborted) return 0
  welcome(url, folder, settings)

  const ended = await Promise.race([
    app.ended,
    new Promise<undefined>((resolve) => interrupted.addEventListener('abort', () => resolve(undefined))),
  ])
  if (ended === undefined) {
    say('\nStopping web, worker and PostgreSQL …')
    return 0
  }
  console.error(`Web and worker ended by themselves (${ended}). The end of ${folder.log}:\n${await app.lastLines()}`)
  return 1
}

async function prepareData(folder: DemoFolder, options: Options, signal: AbortSignal): Promise<DemoSettings> {
  const settings = await openSettings(folder)
  if (settings.rows !== null) return settings
  // A first run that was interrupted left whole users behind; the generator wants an empty file.
  await resetDemo(folder)
  const fresh = await openSettings(folder)
  say(`Making demo data (${options.users.toLocaleString('en')} users) …`)
  const env = appEnvironment(folder, fresh, { port: 3000 })
  const { status, output } = await runScript('scripts/generate-data.ts', ['--users', String(options.users), '--json'], {
    root: folder.root,
    env,
    signal,
  })
  if (signal.aborted) return fresh
  if (status !== 0) throw new Error('The demo data could not be made; the message is above.')
  const { rows } = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as { rows: number }
  const complete = { ...fresh, rows }
  await saveSettings(folder, complete)
  return complete
}

async function startPostgres(
  folder: DemoFolder,
  settings: DemoSettings,
  whenEnding: (close: () => Promise<void>) => void,
): Promise<EmbeddedServer> {
  if (!(await isFree(settings.postgresPort))) {
    throw new Error(
      `Port ${settings.postgresPort}, where the demo's PostgreSQL was before, is taken. Free it, or start anew: npm run demo -- --reset`,
    )
  }
  say('Starting PostgreSQL 18 …')
  const server = await startEmbeddedPostgres({ dataDir: folder.cluster, persistent: true, durable: true, port: settings.postgresPort })
  whenEnding(() => server.stop())
  return server
}

/** get-port keeps a port to itself for a while that it has given out, so it cannot answer for one that it chose just now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

function welcome(url: string, folder: DemoFolder, settings: DemoSettings): void {
  const { admin, user } = demoAccounts
  say(`
  Bascule is running:  ${url}/admin

  Sign in as           ${admin.email}  /  ${admin.password}   (administrator)
  or                   ${user.email}  /  ${user.password}   (a user with CVs, at ${url})

  What to do           Migration → "Migrate to PostgreSQL": ${(settings.rows ?? 0).toLocaleString('en')} rows are copied while you watch,
                       then counted on both sides. "Switch the app to PostgreSQL" makes it live, without a restart.
                       The target is filled in already: an empty database on a PostgreSQL 18 started for you.

  In the terminal      npm run demo -- --migrate     the same job, here
                       npm run demo -- --reset       start anew
  Log                  ${folder.log}

  Ctrl-C stops everything. Data and PostgreSQL stay in .demo/ for the next time.
`)
}

function parseOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { reset: { type: 'boolean' }, migrate: { type: 'boolean' }, users: { type: 'string' } },
    })
    if (values.users !== undefined && !/^[1-9]\d{0,6}$/.test(values.users)) throw new Error('--users must be a whole number')
    return { reset: values.reset ?? false, migrate: values.migrate ?? false, users: Number(values.users ?? 2_000) }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error('Usage: npm run demo -- [--reset] [--migrate] [--users N]')
    return undefined
  }
}

/** Fires on Ctrl-C, on SIGTERM, when the terminal is closed, and when the npm that started us has died. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort())
  // A closed terminal takes no more output.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && controller.abort(), 1_000).unref()
  }
  return controller.signal
}
