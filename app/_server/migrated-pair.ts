import { readActiveDatabase } from '@/lib/control/active-database'
import { AppError } from '@/lib/core/errors'
import { requireStateFor } from '@/lib/jobs/preconditions'
import type { Container } from './container'

/** Both databases of a finished migration, for reading. */
export interface MigratedPair {
  readonly sourcePath: string
  readonly targetUrl: string
}

/** @throws AppError STATE_CONFLICT while there is no finished copy, SOURCE_MISSING when DATABASE_URL names no SQLite file */
export async function readMigratedPair(container: Container): Promise<MigratedPair> {
  const state = requireStateFor('verify', (await readActiveDatabase(container.control)).state)
  if (container.sqlitePath !== null) return { sourcePath: container.sqlitePath, targetUrl: container.openTarget(state.target) }
  throw new AppError({
    code: 'SOURCE_MISSING',
    operation: 'find the source',
    message: 'DATABASE_URL does not name the SQLite file that the app came from.',
    hint: 'Set DATABASE_URL to that file, for example "file:./dev.db". The app goes on using PostgreSQL: its recorded state decides.',
  })
}
