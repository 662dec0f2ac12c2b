import type { ActiveSource } from '@/lib/control/active-source'
import type { ControlStore } from '@/lib/control/control-store'
import type { MaintenanceRequest } from '@/lib/core/maintenance-operations'
import type { Report } from '@/lib/core/progress'
import { maintainPostgres } from './maintain-postgres'
import { maintainSqlite } from './maintain-sqlite'
import type { MaintenanceOutcome } from './outcome'

/** The one phase of a maintenance. */
export const maintenancePhase = 'maintenance'

/**
 * Does what was asked on the active database, one thing after another. Stops between and within statements when the signal
 * fires. Each statement stands for itself: what was done stays done.
 *
 * @throws AppError NOT_FOUND, STATE_CONFLICT, LOCAL_DISK_FULL, SOURCE_*, TARGET_* before anything was done
 */
export async function maintain(
  source: ActiveSource,
  store: ControlStore,
  request: MaintenanceRequest,
  report: Report,
  signal: AbortSignal,
): Promise<MaintenanceOutcome> {
  const begun = performance.now()
  report({ type: 'plan', phases: [maintenancePhase] })
  report({ type: 'phase', phase: maintenancePhase, status: 'started' })
  const outcome =
    source.engine === 'sqlite'
      ? await maintainSqlite(source.path, store, request, report, signal)
      : await maintainPostgres(source.url, request, report, signal)
  const { items, sizeBeforeBytes, sizeAfterBytes } = outcome.result
  report({
    type: 'phase',
    phase: maintenancePhase,
    status: outcome.error === null ? 'succeeded' : 'failed',
    elapsedMs: performance.now() - begun,
    facts: {
      tables: items.filter((item) => item.outcome === 'done').length,
      ...(sizeBeforeBytes === null || sizeAfterBytes === null ? {} : { size: Math.max(0, sizeAfterBytes) }),
    },
  })
  return outcome
}
