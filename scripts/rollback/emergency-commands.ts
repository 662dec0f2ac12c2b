import { chmod, copyFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '@/lib/config/environment'
import { readActiveDatabase } from '@/lib/control/active-database'
import type { SealedTarget } from '@/lib/control/active-state'
import { openControlStore } from '@/lib/control/control-store'
import { openSecret } from '@/lib/control/secrets'
import { readEmergency, readWayBack } from '@/lib/control/way-back'
import { AppError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { closeAbandoned, leftBehindFolder } from '@/lib/migration/close-abandoned'
import { requireEmergencyState, switchInEmergency } from '@/lib/migration/switch-in-emergency'
import { askWord } from '../ask-word'

/** Takes the app to SQLite while PostgreSQL is gone. @throws AppError STATE_CONFLICT, CONFIRMATION_REQUIRED, LEASE_HELD, SOURCE_* */
export async function leaveInEmergency(environment: Environment, isAgreed: boolean): Promise<object> {
  const store = await openControlStore(environment.controlPath)
  try {
    const left = requireEmergencyState((await readActiveDatabase(store)).state)
    const waiting = (await readWayBack(store, left.jobId))?.waiting ?? null
    console.error(`The app leaves ${left.target.label}. What was written there and is not in the SQLite file stays behind:`)
    if (left.status === 'ready-to-switch') console.error('nothing, since the app has written to SQLite only.')
    else if (waiting === null) console.error('how much that is is not known, since it was never counted.')
    else
      console.error(
        `at least ${waiting.total} change${waiting.total === 1 ? '' : 's'}, as counted at ${waiting.at}; what came after is not known.`,
      )
    if (!isAgreed) await askWord('SQLite')
    const actor = `command line, process ${process.pid} on ${hostname()}`
    const { database } = environment
    const parts = { store, sqlitePath: database.engine === 'sqlite' ? database.path : null, openTarget: openTargetOf(environment) }
    const { at, lastKnown } = await switchInEmergency(parts, actor, printEvent)
    console.error('As soon as PostgreSQL can be reached the worker closes it for writes; or: npm run rollback:sqlite -- --left-behind FILE')
    return { at, lastKnown }
  } finally {
    await store.close()
  }
}

/** Closes the database that was left and writes the list of what stayed behind. @throws AppError NOT_FOUND, STATE_CONFLICT, TARGET_*, SOURCE_* */
export async function listLeftBehind(environment: Environment, path: string): Promise<object> {
  const store = await openControlStore(environment.controlPath)
  try {
    const { database, dataDir: workDir } = environment
    const actor = `command line, process ${process.pid} on ${hostname()}`
    const sqlitePath = database.engine === 'sqlite' ? database.path : null
    const parts = { store, sqlitePath, openTarget: openTargetOf(environment), workDir, appSessions: ['cvsite'], actor }
    await closeAbandoned(parts, printEvent, new AbortController().signal)
    const postgres = (await readEmergency(store))?.postgres
    if (postgres?.status !== 'closed' || postgres.left === null) throw nothingToList(postgres?.status === 'other')
    const { left, file } = postgres
    console.error(
      `${left.total} row${left.total === 1 ? '' : 's'} stayed behind; ${left.changedOnBothSides} of them changed on SQLite since as well.`,
    )
    if (file !== null) {
      await copyFile(join(leftBehindFolder(workDir), file), path)
      await chmod(path, 0o600)
    }
    return { left, file: file === null ? null : path }
  } finally {
    await store.close()
  }
}

function openTargetOf({ nextAuthSecret }: Environment): (target: SealedTarget) => string {
  return ({ sealedUrl }) => openSecret(sealedUrl, nextAuthSecret)
}

function nothingToList(isOther: boolean): AppError {
  return new AppError({
    code: isOther ? 'STATE_CONFLICT' : 'NOT_FOUND',
    operation: 'list what stayed behind',
    message: isOther
      ? 'What answers at this address is not the database that was left.'
      : 'The app has left no PostgreSQL database in an emergency.',
    hint: isOther ? 'Look at the server before the app is taken there again.' : 'There is nothing to list.',
  })
}

function printEvent(event: ProgressEvent): void {
  if (event.type === 'log') console.error(event.message)
}
