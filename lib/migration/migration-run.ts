import type { ErrorReport } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import type { Repair, RepairList } from '@/lib/core/repair-choice'
import type { TargetInspection } from '@/lib/postgres/inspect-target'
import { targetLabel } from '@/lib/postgres/target-url'
import { pathLabel } from '@/lib/verification/endpoints'
import type { Evidence } from './chunks'
import type { FilledTarget } from './fill-target'
import type { MigrateOptions } from './migrate-options'
import { livePhases, type MigrationResult, migrationPhases } from './migration-result'
import { createPhaseRunner, type PhaseRunner } from './phase-runner'
import type { FreshRecord } from './resume-record'
import { type SchemaPlan, schemaSqlOf } from './schema-plan'
import type { TargetSession } from './target-session'
import type { TaskPool } from './threads/task-pool'

/** What a run has come to know and to hold; its result is made of it at whatever point it ends. */
export interface MigrationRun {
  readonly startedAt: Date
  readonly startedMs: number
  readonly phases: PhaseRunner
  readonly report: Report
  pool?: TaskPool
  session?: TargetSession
  freshRecord?: FreshRecord
  /** What the checks saw of the values, when the rows are read from a file that holds the very same; by this run alone. */
  evidence?: Evidence
  inspection?: TargetInspection
  source?: { readonly version: string; readonly sizeBytes: number }
  findings: readonly Finding[]
  /** How the schema is made; only when it was planned by this run. */
  plan?: SchemaPlan
  safetyCopy?: string
  repairs?: readonly Repair[]
  repairList?: RepairList | null
  readonly filled: FilledTarget
  /** Something may have to be undone: the fence, the safety copy, objects on the target. */
  touched: boolean
  /** Why the undoing is not complete. */
  leftover?: string
}

export function startRun(report: Report, isLive: boolean): MigrationRun {
  const phases = createPhaseRunner(report, isLive ? livePhases : migrationPhases)
  return { startedAt: new Date(), startedMs: performance.now(), phases, report, findings: [], filled: {}, touched: false }
}

/** Shown in pg_stat_activity; sessions of one job are found by it. */
export function applicationNameOf(jobId: string): string {
  return `bascule ${jobId}`.slice(0, 63)
}

export function resultOf(options: MigrateOptions, run: MigrationRun, error: ErrorReport | undefined): MigrationResult {
  const { filled } = run
  return {
    status: error ? 'failed' : 'succeeded',
    dryRun: options.dryRun,
    source: {
      engine: 'sqlite',
      label: pathLabel(options.sourcePath),
      version: run.source?.version ?? '',
      sizeBytes: run.source?.sizeBytes ?? null,
    },
    target: {
      engine: 'postgresql',
      label: labelOf(options.targetUrl),
      version: run.inspection?.serverVersion ?? '',
      sizeBytes: run.inspection?.sizeBytes ?? null,
    },
    startedAt: run.startedAt.toISOString(),
    elapsedMs: performance.now() - run.startedMs,
    phases: run.phases.elapsed,
    rowsCopied: filled.copied?.rows ?? 0,
    rowsResumed: filled.rowsResumed ?? 0,
    bytesCopied: filled.copied?.bytes ?? 0,
    tables: [...(filled.tables ?? [])],
    findings: [...run.findings],
    repairs: [...(run.repairs ?? [])],
    repairList: error ? null : (run.repairList ?? null),
    safetyCopy: error ? null : (run.safetyCopy ?? null),
    leftover: run.leftover ?? null,
    targetSchemaSql: options.dryRun && run.plan ? schemaSqlOf(run.plan) : null,
    ...(error ? { error: spoken(error) } : {}),
  }
}

function spoken({ code, subject, message, hint }: ErrorReport): NonNullable<MigrationResult['error']> {
  return { code, ...(subject === undefined ? {} : { subject }), message, ...(hint === undefined ? {} : { hint }) }
}

function labelOf(url: string): string {
  try {
    return targetLabel(url)
  } catch {
    return ''
  }
}
