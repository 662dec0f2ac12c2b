import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import getPort from 'get-port'
import { guard } from './guardian'

export interface ClusterOptions {
  /** Folder of `initdb` and `postgres`. */
  readonly binDir: string
  /** Folder of the cluster; created when absent, reused when it holds one. */
  readonly dataDir: string
  /** Keep the cluster after stop(). */
  readonly persistent: boolean
  /** False turns fsync off: faster, for tests that throw the cluster away. */
  readonly durable: boolean
  /** Default: a free port. */
  readonly port?: number
  /** Further settings, as `name=value`; they win over those that are set here. */
  readonly settings?: readonly string[]
}

export interface Cluster {
  /** Superuser URL of the `postgres` database, on 127.0.0.1. */
  readonly url: string
  readonly port: number
  /** Process id of the server. */
  readonly pid: number
  /** Stops the server (fast shutdown); safe to call twice. */
  stop(): Promise<void>
}

const password = 'bascule'
const startTimeoutMs = 60_000

/**
 * Starts a PostgreSQL server on loopback from the binaries in a folder, and never leaves it behind: should this
 * process die without a word (SIGKILL, a closed terminal), a guardian stops the server.
 *
 * PostgreSQL refuses to run as root. As root it runs as the system user `postgres`, or `nobody` when there is
 * none, so that no user has to be made; that user must be able to reach both folders.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const identity = serverIdentity()
  if (!existsSync(join(options.dataDir, 'PG_VERSION'))) await initialise(options, identity)
  const port = options.port ?? (await getPort({ host: '127.0.0.1' }))
  const log: string[] = []
  const settings = [
    // First: of two settings of one name the server takes the later, and the caller's are to hold.
    ...(options.durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'logging_collector=off',
    ...(options.settings ?? []),
  ]
  const server = spawn(
    join(options.binDir, 'postgres'),
    ['-D', options.dataDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    // Detached: a Ctrl-C in the terminal must reach us alone, so that the web and the worker end before their database does.
    { ...identity, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment() },
  )
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()))
  // Before it is ready: we may be killed while it starts.
  const dismissGuardian = guard({
    pid: server.pid as number,
    signal: 'INT',
    ...(options.persistent ? {} : { folder: options.dataDir }),
  })
  try {
    await ready(server, log)
  } catch (error) {
    server.kill('SIGQUIT')
    dismissGuardian()
    throw error
  }
  let stopping: Promise<void> | undefined
  const stop = async () => {
    server.kill('SIGINT')
    await closed
    if (!options.persistent) await rm(options.dataDir, { recursive: true, force: true })
    dismissGuardian()
  }
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: server.pid as number,
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

/** The user and group that a server runs as: this process's own, or an unprivileged one when we are root. */
export function serverIdentity(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, user], { encoding: 'utf8' }))
    if (ids.every((answer) => answer.status === 0)) return { uid: Number(ids[0]?.stdout), gid: Number(ids[1]?.stdout) }
  }
  throw new Error('PostgreSQL does not run as root, and this system has neither a user "postgres" nor "nobody" to run it as.')
}

/** Whether the server's user can enter this folder (a clone under /root is closed to everyone else). */
export function isReachable(folder: string): boolean {
  const identity = serverIdentity()
  if (identity.uid === undefined) return true
  return spawnSync('/bin/sh', ['-c', 'cd "$0" 2>/dev/null', folder], { ...identity, cwd: '/' }).status === 0
}

/** mkdtemp makes folders that only we may enter; others are left as they are. */
export async function openToServer(folder: string): Promise<void> {
  if (isReachable(folder)) return
  const { mode } = await stat(folder)
  await chmod(folder, (mode & 0o7777) | 0o011)
}

async function initialise({ binDir, dataDir }: ClusterOptions, identity: { uid?: number; gid?: number }): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const passwordFile = `${dataDir}.password`
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (identity.uid !== undefined && identity.gid !== undefined) {
      await openToServer(dirname(dataDir))
      await chown(dataDir, identity.uid, identity.gid)
      await chown(passwordFile, identity.uid, identity.gid)
    }
    const flags = [`--pgdata=${dataDir}`, '--auth=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`]
    execFileSync(join(binDir, 'initdb'), [...flags, '--encoding=UTF8', '--locale=C', '--no-sync'], {
      ...identity,
      cwd: '/',
      stdio: 'pipe',
      env: serverEnvironment(),
    })
  } catch (error) {
    // A half-made cluster would be taken for a whole one next time.
    await rm(dataDir, { recursive: true, force: true })
    throw new Error(`PostgreSQL could not make a cluster in ${dataDir}.`, { cause: error })
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/** Resolves when the server says that it accepts connections; rejects with the end of its log otherwise. */
function ready(server: ChildProcess, log: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`PostgreSQL did not start: ${reason}\n${log.slice(-10).join('\n')}`))
    const timer = setTimeout(() => {
      server.kill('SIGQUIT')
      fail(`no answer in ${startTimeoutMs / 1000} s`)
    }, startTimeoutMs)
    server.once('error', (error) => fail(error.message))
    server.once('close', (code) => fail(`exit status ${code}`))
    server.stderr?.on('data', (chunk: Buffer) => {
      log.push(chunk.toString().trimEnd())
      if (log.length > 50) log.shift()
      // With the collector on, the server says the rest to its log file: whoever wants one asks it until it answers.
      if (!chunk.includes('ready to accept connections') && !chunk.includes('redirecting log output')) return
      clearTimeout(timer)
      resolve()
    })
  })
}

function serverEnvironment(): NodeJS.ProcessEnv {
  // LC_ALL=C: the line that says "ready to accept connections" must not be translated.
  return { PATH: process.env.PATH, NODE_ENV: process.env.NODE_ENV, LC_ALL: 'C', TZ: 'UTC' }
}
