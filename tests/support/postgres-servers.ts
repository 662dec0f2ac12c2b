/**
 * Vitest's global set-up: the PostgreSQL servers that tests run on.
 *
 * Two majors wherever the machine has them: the embedded 18, and the oldest locally installed one from 13 on.
 * Suites that touch PostgreSQL loop over all of them:
 *
 *     import { describe, inject } from 'vitest'
 *     import { createPostgresDatabase } from '@/tests/support/postgres-databases'
 *
 *     describe.each([...inject('postgresServers')])('copy on $name', (server) => {
 *       it('…', async () => {
 *         await using database = await createPostgresDatabase(server)
 *         … database.url …
 *       })
 *     })
 *
 * Servers are stopped and their folders removed when the run ends, also when it is interrupted or killed.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { type Cluster, startCluster } from '@/scripts/postgres-cluster'

export interface PostgresServer {
  /** For titles of tests: "PostgreSQL 15". */
  readonly name: string
  readonly major: number
  /** URL of a superuser on the server's `postgres` database. */
  readonly url: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a superuser on the embedded server's `postgres` database. */
    readonly embeddedPostgresUrl: string
    /** Every server of this run, the embedded one first. */
    readonly postgresServers: readonly PostgresServer[]
  }
}

const embeddedMajor = 18
const oldestSupportedMajor = 13

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-test-pg-'))
  const temporary = { persistent: false, durable: false } as const
  const local = await findLocalPostgres()
  const starting: Promise<Cluster>[] = [startEmbeddedPostgres({ ...temporary, dataDir: join(folder, 'embedded') })]
  if (local) starting.push(startCluster({ ...temporary, binDir: local.binDir, dataDir: join(folder, `local-${local.major}`) }))

  const stop = async (clusters: readonly Cluster[]) => {
    await Promise.all(clusters.map((cluster) => cluster.stop()))
    await rm(folder, { recursive: true, force: true })
  }
  const settled = await Promise.allSettled(starting)
  const clusters = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) {
    await stop(clusters)
    throw failed.reason
  }
  const majors = [embeddedMajor, ...(local ? [local.major] : [])]
  const servers = clusters.map((cluster, index) => ({
    name: `PostgreSQL ${majors[index]}`,
    major: majors[index] as number,
    url: cluster.url,
  }))
  project.provide('postgresServers', servers)
  project.provide('embeddedPostgresUrl', (servers[0] as PostgresServer).url)
  return () => stop(clusters)
}

/** The oldest supported server installed on this machine, of another major than the embedded one. */
async function findLocalPostgres(): Promise<{ readonly binDir: string; readonly major: number } | undefined> {
  const found = (await candidateFolders())
    .filter((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')))
    .map((binDir) => ({ binDir, major: majorOf(join(binDir, 'postgres')) }))
    .filter(({ major }) => major >= oldestSupportedMajor && major !== embeddedMajor)
    .sort((left, right) => left.major - right.major)
  return found[0]
}

/** Where Debian, Red Hat and Homebrew put PostgreSQL, and the folders of PATH. */
async function candidateFolders(): Promise<readonly string[]> {
  const parents = ['/usr/lib/postgresql', '/usr', '/opt/homebrew/opt', '/usr/local/opt']
  const nested = await Promise.all(
    parents.map(async (parent) => {
      const names = await readdir(parent).catch(() => [])
      return names.filter((name) => /^(\d+|(pgsql-|postgresql@)\d+)$/.test(name)).map((name) => join(parent, name, 'bin'))
    }),
  )
  return [...nested.flat(), ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)]
}

function majorOf(binary: string): number {
  try {
    return Number(/(\d+)/.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' }))?.[1] ?? 0)
  } catch {
    return 0
  }
}
