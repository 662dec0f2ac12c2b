import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** A pg_dump that runs. */
export interface PgDump {
  readonly path: string
  /** "17.2" */
  readonly version: string
  readonly major: number
}

const run = promisify(execFile)

/**
 * The newest pg_dump of this machine, in the folders of PATH and where Debian and Red Hat keep one for each major. It
 * refuses a server that is newer than itself, so the newest serves most.
 *
 * @param path the search path. Default: PATH of the environment.
 * @param parents folders with one PostgreSQL a major in them. Default: those of Debian, Red Hat and Homebrew.
 * @returns null when there is none that runs
 */
export async function findPgDump(
  path: string = process.env.PATH ?? '',
  parents: readonly string[] = ['/usr/lib/postgresql', '/usr', '/opt/homebrew/opt', '/usr/local/opt'],
): Promise<PgDump | null> {
  const nested = await Promise.all(parents.map(versionFolders))
  const folders = [...new Set([...path.split(delimiter).filter((folder) => folder !== ''), ...nested.flat()])]
  const found = await Promise.all(
    folders.map((folder) => askVersion(join(folder, process.platform === 'win32' ? 'pg_dump.exe' : 'pg_dump'))),
  )
  const dumps = found.filter((dump) => dump !== null)
  return dumps.sort((a, b) => compareVersions(b.version, a.version))[0] ?? null
}

async function versionFolders(parent: string): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => [])
  return names.filter((name) => /^(\d+|(pgsql-|postgresql@)\d+)$/.test(name)).map((name) => join(parent, name, 'bin'))
}

async function askVersion(path: string): Promise<PgDump | null> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 5_000 })
    // "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    const version = /\(PostgreSQL\) (\d+(?:\.\d+)*)/.exec(stdout)?.[1]
    return version === undefined ? null : { path, version, major: Number.parseInt(version, 10) }
  } catch {
    return null
  }
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
