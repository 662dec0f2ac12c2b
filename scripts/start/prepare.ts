import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import type { DatabaseLocation, Environment } from '@/lib/config/environment'
import { initialiseActiveDatabase } from '@/lib/control/active-database'
import { type ActiveState, isWritable } from '@/lib/control/active-state'
import { openControlStore } from '@/lib/control/control-store'
import { readUnsettled } from '@/lib/control/exclusive'
import { openSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { checkAgainstRecord } from '@/lib/database/check-against-record'
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

function locateActive(database: DatabaseLocation, state: ActiveState, openTarget: () => string): DatabaseLocation {
  return state.status === 'on-postgresql' ? { engine: 'postgresql', url: openTarget() } : database
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

function missingFile(path: string): AppError {
  return new AppError({
    code: 'CONFIG_INVALID',
    operation: 'start',
    subject: path,
    message: `The app’s data is recorded to be in SQLite, but there is no file ${path}. Starting would begin with an empty database.`,
    hint: 'Put the file back, or set DATABASE_URL to where it is. To begin anew on purpose, remove the control store as well.',
  })
}
