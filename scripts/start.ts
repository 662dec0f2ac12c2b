/**
 * `npm start` and `npm run dev`: web and worker together. Prepares the databases, then keeps both running until
 * Ctrl-C or SIGTERM. What is not ours goes on to Next: `npm start -- --port 3001 --hostname 0.0.0.0`.
 *
 *     tsx scripts/start.ts [--dev] [--only=web | --only=worker] [options of next]
 *
 * With `--only` the other one runs elsewhere on this machine, such as in a container of its own over the same files.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadEnvFiles } from '@/lib/config/env-files'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { AppError, exitStatusOf, reportError } from '@/lib/core/errors'
import { prepareStart } from './start/prepare'
import { settleDatabases } from './start/settle'
import { supervise } from './start/supervisor'
import { workerEnvironment, workerNodeArgs } from './start/worker-command'

const root = resolve(import.meta.dirname, '..')
const say = (line: string) => console.log(`[start] ${line}`)

async function main(args: readonly string[]): Promise<number> {
  const dev = args.includes('--dev')
  const mode = dev ? 'development' : 'production'
  const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length)
  const nextArgs = args.filter((arg) => arg !== '--dev' && !arg.startsWith('--only='))
  // Which .env files are read depends on it, here and in both children.
  process.env = { ...process.env, NODE_ENV: mode }
  loadEnvFiles(root)
  try {
    const environment = parseEnvironment(process.env, root)
    if (!dev && only !== 'worker') requireBuild()
    // The web prepares the databases; a worker of its own starts once the web is well.
    if (only !== 'worker') await prepareStart(environment, root, say)
    const stop = new AbortController()
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort())
    const web = {
      name: 'web',
      args: ['node_modules/next/dist/bin/next', ...(dev ? ['dev'] : served), ...addressArgs(environment, nextArgs)],
      env: process.env,
    }
    const worker = { name: 'worker', args: [...workerNodeArgs, 'worker/main.ts'], env: workerEnvironment(process.env) }
    const programs = [web, worker].filter(({ name }) => only === undefined || name === only)
    if (programs.length === 0) throw wrongUsage()
    const onEnd = (name: string) => {
      if (name === 'worker') void settleDatabases(environment, say)
    }
    await supervise(programs, { cwd: root, write: (line) => console.log(line), onEnd }, stop.signal)
    say(`${programs.map(({ name }) => name).join(' and ')} ended.`)
    return 0
  } catch (error) {
    const { code, message, hint } = reportError(error)
    console.error(`[start] ${message} [${code}]${hint ? `\n[start] ${hint}` : ''}`)
    return error instanceof AppError ? exitStatusOf(error.code) : 1
  }
}

/** Node closes an idle connection after 5 s; proxies keep theirs for a minute, and would send what nobody reads any more. */
const served = ['start', '--keepAliveTimeout', '65000']

/** A site that only this machine can name is served to this machine alone, on the port that its address has. */
function addressArgs(environment: Environment, given: readonly string[]): readonly string[] {
  const { hostname, port } = new URL(environment.siteUrl)
  const isGiven = (...names: string[]) => given.some((arg) => names.some((name) => arg === name || arg.startsWith(`${name}=`)))
  const isLocal = ['localhost', '127.0.0.1'].includes(hostname)
  return [
    ...given,
    ...(isLocal && !isGiven('-H', '--hostname') ? ['--hostname', '127.0.0.1'] : []),
    ...(isLocal && port !== '' && process.env.PORT === undefined && !isGiven('-p', '--port') ? ['--port', port] : []),
  ]
}

function requireBuild(): void {
  if (existsSync(join(root, process.env.NEXT_DIST_DIR ?? '.next', 'BUILD_ID'))) return
  throw new AppError({
    code: 'CONFIG_INVALID',
    operation: 'start',
    message: 'There is no production build of the app.',
    hint: 'Make one with: npm run build. For development: npm run dev.',
  })
}

function wrongUsage(): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'start', message: 'There is only --only=web and --only=worker.' })
}

process.exitCode = await main(process.argv.slice(2))
