import type { MaintenanceResult } from '@/lib/core/maintenance-operations'

/** What came of it, and what stopped it, if anything did: what was done before that stays done. */
export interface MaintenanceOutcome {
  readonly result: MaintenanceResult
  readonly error: unknown
}
