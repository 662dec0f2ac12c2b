import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import type { DatabaseLocation, Environment } from '@/lib/config/environment'
import { initialiseActiveDatabase } from '@/lib/control/active-database'
import { type ActiveState, isWritable } from '@/lib/control/active-state'
import { openControlStore } from '@/lib/control/control-store'
import { readUnsettled } from '@/lib/control/exclusive'
import { openSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { initialState } from '@/lib/jobs/sealed-target'
import { targetLabel } from '@/lib/postgres/target-url'

/**
 * What has to be true before web and worker start: the recorded state and DATABASE_URL fit together, and the active
 * database has its schema migrations.
 *
 * @param say receives one plain line for each thing that was found or done
 * @throws AppError CONFIG_INVALID when going on could split the data over two databases; others when a database cannot be reached
 */
export async function prepareStart(environment: Environment, root: string, say: (line: string) => void): Promise<void> {
  if (environment.targetUrl !== null) checkTarget(environment.targetUrl)
  const control = await openControlStore(environment.controlPath)
  try {
    const { state, version } = await initialiseActiveDatabase(control, initialState(environment, control.clock.now()), 'npm start')
    const openTarget = () => ('target' in state ? openSecret(state.target.sealedUrl, environment.nextAuthSecret) : '')
    checkAgainstRecord(environment.database, state, openTarget)
    const active = locateActive(environment.database, state, openTarget)
    say(`The active database is ${describe(active, root)}, as recorded in ${relative(root, environment.controlPath)}.`)
    if (state.status === 'on-postgresql' && environment.database.engine === 'sqlite') {
      say('DATABASE_URL still names the SQLite file: that is where "Switch back to SQLite" leads. Nothing needs to be changed.')
    }
    if (active.engine === 'sqlite' && version > 1 && !existsSync(active.path)) throw missingFile(active.path)
    if (!isWritable(state) || (await readUnsettled(control))) {
      say('A migration stands between two states: schema migrations wait until it is settled.')
      return
    }
    const applied = await ensureSchema(active, root)
    say(applied.length === 0 ? 'Its schema is up to date.' : `Applied ${applied.length} schema migration(s): ${applied.join(', ')}.`)
  } finally {
    await control.close()
  }
}

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

function locateActive(database: DatabaseLocation, state: ActiveState, openTarget: () => string): DatabaseLocation {
  return state.status === 'on-postgresql' ? { engine: 'postgresql', url: openTarget() } : database
}

/** Host, port, database and schema; user and password may change without it being another database. */
function sameDatabase(left: string, right: string): boolean {
  const place = (url: string) => targetLabel(url).replace(/^.*@/, '')
  return place(left) === place(right)
}

function checkTarget(url: string): void {
  try {
    targetLabel(url)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError({
      code: 'CONFIG_INVALID',
      operation: 'read the environment',
      message: `TARGET_DATABASE_URL cannot be used: ${reason}`,
      hint: 'Correct it, or leave it out and type the target on the Migration page.',
      cause,
    })
  }
}

function describe(database: DatabaseLocation, root: string): string {
  return database.engine === 'sqlite' ? `SQLite, ${relative(root, database.path)}` : `PostgreSQL, ${targetLabel(database.url)}`
}

function contradiction(what: string, hint: string): AppError {
  const message = `DATABASE_URL contradicts what is recorded: ${what}. Starting could split the data over two databases.`
  return new AppError({ code: 'CONFIG_INVALID', operation: 'start', message, hint })
}

function missingFile(path: string): AppError {
  return new AppError({
    code: 'CONFIG_INVALID',
    operation: 'start',
    subject: path,
    message: `The app’s data is recorded to be in SQLite, but there is no file ${path}. Starting would begin with an empty database.`,
    hint: 'Put the file back, or set DATABASE_URL to where it is. To begin anew on purpose, remove the control store as well.',
  })
}
