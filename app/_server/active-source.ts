import { readActiveDatabase } from '@/lib/control/active-database'
import { type ActiveSource, activeSource } from '@/lib/control/active-source'
import { AppError } from '@/lib/core/errors'
import type { Container } from './container'

/** The database that is active now. @throws AppError SOURCE_MISSING, KEY_INVALID */
export async function readActiveSource({ control, sqlitePath, openTarget }: Container): Promise<ActiveSource> {
  return activeSource((await readActiveDatabase(control)).state, sqlitePath, openTarget)
}

/** The URL of the active PostgreSQL. @throws AppError STATE_CONFLICT while the app runs on SQLite */
export async function readActiveUrl(container: Container): Promise<string> {
  const source = await readActiveSource(container)
  if (source.engine === 'postgresql') return source.url
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'look at PostgreSQL',
    subject: 'on-sqlite',
    message: 'The app runs on SQLite: there are no sessions.',
    hint: 'Migrate to PostgreSQL first.',
  })
}
