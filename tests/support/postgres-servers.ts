import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a superuser on the embedded server's `postgres` database. */
    readonly embeddedPostgresUrl: string
  }
}

/** One embedded PostgreSQL for the whole run; test files create databases of their own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-test-pg-'))
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'pg'), persistent: false, durable: false })
  project.provide('embeddedPostgresUrl', server.url)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
