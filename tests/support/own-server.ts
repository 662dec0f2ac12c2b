import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { type Cluster, serverIdentity } from '@/scripts/postgres-cluster'

export interface OwnServer extends AsyncDisposable {
  /** URL of a superuser on the server's `postgres` database. */
  readonly url: string
  /** Immediate shutdown, as a crash: nothing is flushed, every session ends. Then it is started again on the same port. */
  restart(): Promise<void>
  /** SIGKILL to the server and every process of it, this instant; `restart` starts it again. */
  kill(): void
}

/** A server for one test alone, which may do with it what the shared ones would not survive. `dataDir` must not exist. */
export async function startOwnServer(dataDir: string, settings: readonly string[] = []): Promise<OwnServer> {
  // The disk need not be waited for, as the machine stays up; but what a killed server has said to be committed must be in
  // the files, or a test would take its loss for ours.
  const kept = ['synchronous_commit=on', 'full_page_writes=on', ...settings]
  const start = (port?: number) =>
    startEmbeddedPostgres({ dataDir, persistent: true, durable: false, settings: kept, ...(port === undefined ? {} : { port }) })
  let cluster: Cluster = await start()
  const restart = async () => {
    send(cluster.pid, 'SIGQUIT')
    await cluster.stop()
    cluster = await start(cluster.port)
  }
  const kill = () => {
    // Its processes are heads of groups of their own, and would go on for a moment without it.
    for (const pid of [cluster.pid, ...childrenOf(cluster.pid)]) send(pid, 'SIGKILL')
  }
  return { url: cluster.url, restart, kill, [Symbol.asyncDispose]: () => cluster.stop() }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, found] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
        return Number(found) === parent ? [Number(name)] : []
      } catch {
        return []
      }
    })
}

/** Mounts a disk of so many MiB on a new folder, for a server of these tests to write to. Needs root. Answers how to take it away. */
export async function mountSmallDisk(folder: string, sizeMiB: number): Promise<() => void> {
  await mkdir(folder)
  const { uid = 0, gid = 0 } = serverIdentity()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,uid=${uid},gid=${gid},mode=700`, 'tmpfs', folder])
  return () => void execFileSync('umount', ['-l', folder])
}
