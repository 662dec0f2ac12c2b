import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState, SealedTarget } from '@/lib/control/active-state'
import type { ControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { type RecoverOptions, type Recovery, recoverDatabases } from './recover'

export interface RecordedRecovery {
  readonly store: ControlStore
  readonly sqlitePath: string | null
  readonly workDir: string
  readonly openTarget: (target: SealedTarget) => string
  /** Whoever recovers, for the audit log. */
  readonly actor: string
  /** The data model that an unfinished migration may be resumed with. Default: it is undone. */
  readonly resumeModel?: NonNullable<RecoverOptions['resumeModel']>
}

/**
 * Brings databases and recorded state back to a stable state; called under the lease. The databases come first and the
 * record last: killed in between, the next recovery finds the databases done and only records.
 *
 * @throws what stands in the way: then nothing is known to be stable, and it is to be tried again
 */
export async function recoverAndRecord(recovery: RecordedRecovery, report: Report, signal: AbortSignal): Promise<Recovery> {
  const { store, sqlitePath, workDir, openTarget, actor, resumeModel } = recovery
  const { state, version } = await readActiveDatabase(store)
  const targetUrl = 'target' in state ? openTarget(state.target) : null
  const options = { state, sourcePath: sqlitePath, targetUrl, workDir, ...(resumeModel === undefined ? {} : { resumeModel }) }
  const found = await recoverDatabases(options, report, signal)
  const next = nextState(state, found, store.clock.now())
  if (next) await transitionActiveDatabase(store, { from: version, to: next, actor })
  return found
}

function nextState(state: ActiveState, recovery: Recovery, now: Date): ActiveState | null {
  switch (recovery.outcome) {
    case 'unchanged':
    case 'resumable':
      return null
    case 'on-sqlite':
      return { status: 'on-sqlite', ...(state.status === 'migrating' && state.former ? { former: state.former } : {}) }
    case 'finished':
      if (state.status !== 'on-postgresql')
        throw new AppError({ code: 'INTERNAL', message: 'Recovery found an end of a switch that was none.' })
      return { ...state, jobId: null, finished: { at: now.toISOString(), jobId: recovery.jobId, archive: null } }
    case 'on-postgresql':
      if (!('target' in state)) throw new AppError({ code: 'INTERNAL', message: 'Recovery found a switch without a recorded target.' })
      return { status: 'on-postgresql', jobId: recovery.jobId, target: state.target, since: now.toISOString() }
  }
}
