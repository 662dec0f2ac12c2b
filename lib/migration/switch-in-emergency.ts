import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState, SealedTarget } from '@/lib/control/active-state'
import { recordAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { withExclusive } from '@/lib/control/exclusive'
import { databasesLease } from '@/lib/control/lease'
import { type EmergencyRecord, readWayBack, writeEmergency } from '@/lib/control/way-back'
import { AppError } from '@/lib/core/errors'
import { pause } from '@/lib/core/pause'
import type { Report } from '@/lib/core/progress'
import { leaveGonePostgres } from './live/emergency'

export interface EmergencyDependencies {
  readonly store: ControlStore
  /** The app's SQLite file; null when DATABASE_URL names none. */
  readonly sqlitePath: string | null
  readonly openTarget: (target: SealedTarget) => string
  /** How long PostgreSQL is asked whether it is there after all. Default: 8,000. */
  readonly probeMs?: number
  /** How long to wait for whoever works on the databases: a worker tries to recover them every few seconds. Default: 30,000. */
  readonly patienceMs?: number
}

type Left = Extract<ActiveState, { status: 'on-postgresql' | 'ready-to-switch' }>

/** The state, if it is one that an emergency leads out of. @throws AppError STATE_CONFLICT */
export function requireEmergencyState(state: ActiveState): Left & { readonly jobId: string } {
  if (state.status === 'ready-to-switch') return state
  if (state.status === 'on-postgresql' && state.jobId !== null) return { ...state, jobId: state.jobId }
  const isFinished = state.status === 'on-postgresql' && state.finished !== undefined
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to SQLite in an emergency',
    subject: isFinished ? 'finished' : state.status,
    message: isFinished
      ? 'PostgreSQL was chosen to be kept: the SQLite file is not kept for a way back any more.'
      : state.status === 'on-postgresql'
        ? 'The app was not switched to PostgreSQL by a migration: there is no SQLite file to go to.'
        : 'The app is on SQLite.',
    hint: isFinished ? 'Restore a backup.' : 'Reload the page to see where the app is now.',
  })
}

/**
 * Takes the app to the SQLite file at once, while PostgreSQL is gone. Needs no worker: it is done by whoever was asked, the web
 * process or a terminal, under the lease. The record tells from then on what was left, and what becomes of it.
 *
 * @param actor a person's e-mail address, or the command line
 * @throws AppError STATE_CONFLICT when PostgreSQL answers or there is nothing to go to; LEASE_HELD; SOURCE_*, KEY_INVALID
 */
export async function switchInEmergency(dependencies: EmergencyDependencies, actor: string, report: Report): Promise<EmergencyRecord> {
  const { store, sqlitePath, openTarget, probeMs } = dependencies
  requireEmergencyState((await readActiveDatabase(store)).state)
  await recordAudit(store, { actor, action: 'emergency.requested', subject: 'databases' })
  const request = { name: databasesLease, holder: `emergency, process ${process.pid}`, purpose: 'switch to SQLite in an emergency' }
  const once = () =>
    withExclusive(store, request, new AbortController().signal, async () => {
      const { state, version } = await readActiveDatabase(store)
      const left = requireEmergencyState(state)
      if (sqlitePath === null) throw noFile()
      const lastKnown = (await readWayBack(store, left.jobId))?.waiting ?? null
      let record: EmergencyRecord | undefined
      const flip = async (log: string | null) => {
        const at = store.clock.now().toISOString()
        const former = { jobId: left.jobId, target: left.target, at, how: 'emergency', log } as const
        await transitionActiveDatabase(store, { from: version, to: { status: 'on-sqlite', former }, actor })
        const onPostgresSince = left.status === 'on-postgresql' ? left.since : null
        const postgres = { status: 'away', message: null, lookedAt: null } as const
        record = { jobId: left.jobId, target: left.target, log, at, by: actor, onPostgresSince, lastKnown, postgres }
        await writeEmergency(store, record)
      }
      const options = { sourcePath: sqlitePath, targetUrl: openTarget(left.target), from: left.status }
      await leaveGonePostgres({ ...options, ...(probeMs === undefined ? {} : { probeMs }) }, flip, report)
      return record ?? neverFlipped()
    })
  const until = performance.now() + (dependencies.patienceMs ?? 30_000)
  for (;;) {
    try {
      return await once()
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'LEASE_HELD' || performance.now() >= until) throw error
      await pause(200, new AbortController().signal)
    }
  }
}

function neverFlipped(): never {
  throw new AppError({ code: 'INTERNAL', message: 'The emergency ended without a flip.' })
}

function noFile(): AppError {
  return new AppError({
    code: 'SOURCE_MISSING',
    operation: 'switch to SQLite in an emergency',
    message: 'DATABASE_URL does not name a SQLite file.',
    hint: 'Set it to the file that the app came from, and start again.',
  })
}
