import type { DatabaseLocation } from '@/lib/config/environment'
import type { ActiveState } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import { targetLabel } from '@/lib/postgres/target-url'

/**
 * The record decides which database is active, so that an old or edited .env cannot send writes to the one that was
 * left. What cannot be meant is refused: a PostgreSQL database in DATABASE_URL that is not the recorded one, and
 * no SQLite file where SQLite is active.
 *
 * @throws AppError CONFIG_INVALID
 */
export function checkAgainstRecord(database: DatabaseLocation, state: ActiveState, openTarget: () => string): void {
  if (database.engine === 'sqlite') return
  if (state.status !== 'on-postgresql') {
    throw contradiction(
      'the app’s data is in SQLite, but DATABASE_URL names a PostgreSQL database',
      'Set DATABASE_URL to the SQLite file again, and move to PostgreSQL on the Migration page.',
    )
  }
  if (sameDatabase(database.url, openTarget())) return
  throw contradiction(
    `the app runs on ${state.target.label}, but DATABASE_URL names ${targetLabel(database.url)}`,
    'Set DATABASE_URL to the recorded database, or back to the SQLite file, which stays good for ever.',
  )
}

/** The same, answered: null where both fit together, or that cannot be told; whoever opens the database then says why. */
export function contradictionOf(database: DatabaseLocation, state: ActiveState, openTarget: () => string): AppError | null {
  try {
    checkAgainstRecord(database, state, openTarget)
    return null
  } catch (error) {
    return error instanceof AppError && error.code === 'CONFIG_INVALID' ? error : null
  }
}

/** For whoever wants to write meanwhile; what contradicts what is for the log and the administrators, who may know addresses. */
export function refusalOf(cause: AppError): AppError {
  return new AppError({
    code: 'CONFIG_INVALID',
    operation: 'write to the app database',
    message: 'The app is set up for another database than the one that holds its data, so it takes no changes. Nothing was changed.',
    hint: 'An administrator finds what contradicts what in the log of the app. Correct DATABASE_URL, then start again.',
    cause,
  })
}

/** Host, port, database and schema; user and password may change without it being another database. */
function sameDatabase(left: string, right: string): boolean {
  const place = (url: string) => targetLabel(url).replace(/^.*@/, '')
  return place(left) === place(right)
}

function contradiction(what: string, hint: string): AppError {
  const message = `DATABASE_URL contradicts what is recorded: ${what}. Starting could split the data over two databases.`
  return new AppError({ code: 'CONFIG_INVALID', operation: 'start', message, hint })
}
