import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../scripts/embedded-postgres'
import { makeDemoData } from './demo-data'

/**
 * One embedded PostgreSQL and one set of demo data for the whole run; every stack gets a database of its own and a
 * copy of the data. Passed to the tests' processes by environment variables.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const build = process.env.NEXT_DIST_DIR ?? '.next-test'
  if (!existsSync(join(build, 'BUILD_ID'))) throw new Error(`There is no production build in ${build}: npm test -- build browser`)
  process.env.NEXT_DIST_DIR = build
  const folder = await mkdtemp(join(tmpdir(), 'bascule-e2e-'))
  process.env.E2E_FOLDER = folder
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: false, durable: false })
  process.env.E2E_POSTGRES_URL = server.url
  try {
    await makeDemoData(join(folder, 'demo-data'))
  } catch (error) {
    await server.stop()
    throw error
  }
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
