import type { Report } from '@/lib/core/progress'
import type { Repair, RepairChoice } from '@/lib/core/repair-choice'
import { checkDiskSpace } from '../check-source'
import { type CheckedMigration, uniqueKeysOf } from '../checks'
import { removeSafetyCopy, type SafetyCopy, writeSafetyCopy } from '../safety-copy'
import type { TaskPool } from '../threads/task-pool'
import { makeRepairedCopy, type RepairedCopy, removeRepairedCopy } from './repaired-copy'

export interface RepairOptions {
  readonly jobId: string
  readonly sourcePath: string
  /** Folder of the safety copy. */
  readonly workDir: string
  /** Default: none, and nothing is altered. */
  readonly choices?: readonly RepairChoice[]
  /** Where the list of repaired rows is written. Default: the work folder. */
  readonly repairListFolder?: string
}

/**
 * The copy that the rows are read from when something is to be repaired; null when nothing is.
 *
 * @throws AppError as `makeRepairedCopy`
 */
export async function repairSafetyCopy(
  snapshot: SafetyCopy,
  checked: CheckedMigration,
  options: RepairOptions,
  pool: TaskPool,
  report: Report,
  signal: AbortSignal,
): Promise<RepairedCopy | null> {
  return makeFrom(
    snapshot,
    checked,
    options,
    { jobId: options.jobId, listFolder: options.repairListFolder ?? options.workDir },
    pool,
    report,
    signal,
  )
}

/**
 * What the choices would do, found out by doing it on files that are removed again. Empty when nothing is to be repaired.
 *
 * @throws AppError as `makeRepairedCopy`, LOCAL_DISK_FULL
 */
export async function rehearseRepairs(
  checked: CheckedMigration,
  options: RepairOptions,
  pool: TaskPool,
  report: Report,
  signal: AbortSignal,
): Promise<readonly Repair[]> {
  if (!checked.findings.some(({ severity }) => severity === 'repaired')) return []
  const jobId = `${options.jobId}-rehearsal`
  try {
    await checkDiskSpace(options.workDir, checked.source)
    const snapshot = await writeSafetyCopy(options.sourcePath, options.workDir, jobId, signal)
    const repaired = await makeFrom(snapshot, checked, options, { jobId, listFolder: null }, pool, report, signal)
    return repaired?.repairs ?? []
  } finally {
    await removeRepairedCopy(options.workDir, jobId)
    await removeSafetyCopy(options.workDir, jobId)
  }
}

async function makeFrom(
  snapshot: SafetyCopy,
  { source, mappings, findings, plan }: CheckedMigration,
  { workDir, choices }: RepairOptions,
  place: { readonly jobId: string; readonly listFolder: string | null },
  pool: TaskPool,
  report: Report,
  signal: AbortSignal,
): Promise<RepairedCopy | null> {
  if (!findings.some(({ severity }) => severity === 'repaired')) return null
  return makeRepairedCopy(
    {
      safetyCopyPath: snapshot.path,
      sizeBytes: snapshot.sizeBytes,
      workDir,
      ...place,
      choices: choices ?? [],
      source,
      mappings,
      findings,
      uniqueKeysOf: (table) => uniqueKeysOf(plan, table),
    },
    pool,
    report,
    signal,
  )
}
