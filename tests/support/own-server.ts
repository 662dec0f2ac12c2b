import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { type Cluster, serverIdentity } from '@/scripts/postgres-cluster'

export interface OwnServer extends AsyncDisposable {
  /** URL of a superuser on the server's `postgres` database. */
  readonly url: string
  /** Immediate shutdown, as a crash: nothing is flushed, every session ends. Then it is started again on the same port. */
  restart(): Promise<void>
}

/** A server for one test alone, which may do with it what the shared ones would not survive. `dataDir` must not exist. */
export async function startOwnServer(dataDir: string, settings: readonly string[] = []): Promise<OwnServer> {
  const start = (port?: number) =>
    startEmbeddedPostgres({ dataDir, persistent: true, durable: false, settings, ...(port === undefined ? {} : { port }) })
  let cluster: Cluster = await start()
  const restart = async () => {
    process.kill(cluster.pid, 'SIGQUIT')
    await cluster.stop()
    cluster = await start(cluster.port)
  }
  return { url: cluster.url, restart, [Symbol.asyncDispose]: () => cluster.stop() }
}

/** Mounts a disk of so many MiB on a new folder, for a server of these tests to write to. Needs root. Answers how to take it away. */
export async function mountSmallDisk(folder: string, sizeMiB: number): Promise<() => void> {
  await mkdir(folder)
  const { uid = 0, gid = 0 } = serverIdentity()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,uid=${uid},gid=${gid},mode=700`, 'tmpfs', folder])
  return () => void execFileSync('umount', ['-l', folder])
}
