import { migrationPhases } from '@/lib/migration/migration-result'
import type { PreflightPlan } from './preflight-result'

/** A finished migration, as its result tells of it. */
export interface MeasuredRun {
  readonly jobId: string
  /** ISO 8601. */
  readonly at: string
  readonly sourceBytes: number
  /** Milliseconds by phase. */
  readonly phases: Readonly<Partial<Record<string, number>>>
}

export interface TableSize {
  readonly table: string
  readonly rows: number | null
  readonly bytes: number | null
}

/** What is estimated is the migration with the app read-only; a live one takes these and then as long as there is to follow. */
type EstimatedPhase = (typeof migrationPhases)[number]

export interface Estimate {
  readonly steps: readonly { readonly phase: EstimatedPhase; readonly estimatedMs: number }[]
  /** Time of one table's copy; null where nothing is known of it. */
  readonly copyMsOf: (size: TableSize) => number | null
  readonly from: PreflightPlan['estimatedFrom']
}

/** What a phase costs before its first row and for each byte of the source. */
interface PhaseCost {
  readonly fixedMs: number
  readonly bytesPerSecond: number
}

/**
 * A guess for a machine that nothing was measured on: between `npm run bench` on two idle cores shared with the server
 * (394 MB, copy 3.4 s) and on the same cores under full load (86 MB, copy 6 s). The first migration here replaces it.
 */
export const defaultCosts: Readonly<Record<EstimatedPhase, PhaseCost>> = {
  checks: { fixedMs: 600, bytesPerSecond: 40e6 },
  'safety-copy': { fixedMs: 200, bytesPerSecond: 60e6 },
  schema: { fixedMs: 700, bytesPerSecond: Number.POSITIVE_INFINITY },
  copy: { fixedMs: 200, bytesPerSecond: 60e6 },
  structure: { fixedMs: 300, bytesPerSecond: 60e6 },
  sequences: { fixedMs: 50, bytesPerSecond: Number.POSITIVE_INFINITY },
  statistics: { fixedMs: 200, bytesPerSecond: 300e6 },
  counts: { fixedMs: 200, bytesPerSecond: 300e6 },
}

/** Times of phases grow with the size; fixed costs drown what a run of another order of size could tell. */
const comparableFactor = 5
const comparableBytes = 50_000_000

/** How long each phase will take: from an earlier migration of about this size, else from what was measured elsewhere. */
export function estimateSteps(tables: readonly TableSize[], sourceBytes: number, measured: MeasuredRun | null): Estimate {
  const isComparable = measured !== null && canCompare(measured.sourceBytes, sourceBytes)
  const ratio = isComparable ? sourceBytes / Math.max(1, measured.sourceBytes) : 1
  const steps = migrationPhases.map((phase) => {
    const before = isComparable ? measured.phases[phase] : undefined
    const { fixedMs, bytesPerSecond } = defaultCosts[phase]
    return { phase, estimatedMs: Math.round(before === undefined ? fixedMs + (sourceBytes / bytesPerSecond) * 1000 : before * ratio) }
  })
  const copyMs = steps.find(({ phase }) => phase === 'copy')?.estimatedMs ?? 0
  const known = tables.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  const bytesPerSecond = Math.round(sourceBytes / Math.max(0.001, copyMs / 1000))
  return {
    steps,
    copyMsOf: ({ bytes }) => (bytes === null || known === 0 ? null : Math.round((copyMs * bytes) / known)),
    from: isComparable
      ? { kind: 'measured', jobId: measured.jobId, at: measured.at, bytesPerSecond }
      : { kind: 'default', bytesPerSecond: defaultCosts.copy.bytesPerSecond },
  }
}

function canCompare(then: number, now: number): boolean {
  if (then <= 0) return false
  const isLike = now <= then * comparableFactor && then <= now * comparableFactor
  return isLike || (then >= comparableBytes && now >= comparableBytes)
}
