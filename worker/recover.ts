import { readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import type { ProgressEvent } from '@/lib/core/progress'
import type { HandlerDependencies } from '@/lib/jobs/handlers/handler-dependencies'
import { type Recovery, recoverDatabases } from '@/lib/migration/recover'

/**
 * Brings databases and recorded state back to a stable state; called under the lease. The databases come first and
 * the record last: killed in between, the next recovery finds the databases done and only records.
 */
export async function recover(dependencies: HandlerDependencies, actor: string, logger: Logger, signal: AbortSignal): Promise<void> {
  const { store, sqlitePath, workDir, openTarget } = dependencies
  const { state, version } = await readActiveDatabase(store)
  const targetUrl = 'target' in state ? openTarget(state.target) : null
  const recovery = await recoverDatabases({ state, sourcePath: sqlitePath, targetUrl, workDir }, (event) => log(logger, event), signal)
  const next = nextState(state, recovery, store.clock.now())
  if (next) await transitionActiveDatabase(store, { from: version, to: next, actor: `recovery by ${actor}` })
}

function nextState(state: ActiveState, recovery: Recovery, now: Date): ActiveState | null {
  switch (recovery.outcome) {
    case 'unchanged':
      return null
    case 'on-sqlite':
      return { status: 'on-sqlite' }
    case 'on-postgresql':
      if (!('target' in state)) throw new AppError({ code: 'INTERNAL', message: 'Recovery found a switch without a recorded target.' })
      return { status: 'on-postgresql', jobId: recovery.jobId, target: state.target, since: now.toISOString() }
  }
}

function log(logger: Logger, event: ProgressEvent): void {
  if (event.type === 'log') logger[event.level]({ recovery: true }, event.message)
}
