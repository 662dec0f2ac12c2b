import { constants } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import { type Repair, type RepairChoice, type RepairList, repairKindNames } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'
import { checkReferences, diskFull } from '../check-source'
import { checkTables } from '../check-tables'
import type { TaskPool } from '../threads/task-pool'
import { choiceFor } from './choose'
import { repairListPath } from './list-file'
import { offerChoices } from './offer-choices'

export interface RepairedCopyOptions {
  /** The safety copy: read, never written. */
  readonly safetyCopyPath: string
  readonly sizeBytes: number
  readonly workDir: string
  readonly jobId: string
  /** Where the list of the rows is written; null for a rehearsal, which leaves none. */
  readonly listFolder: string | null
  readonly choices: readonly RepairChoice[]
  readonly source: SqliteCatalogue
  readonly mappings: readonly TableMapping[]
  readonly findings: readonly Finding[]
  /** Unique keys of the target beside the primary key, by table. */
  readonly uniqueKeysOf: (table: string) => readonly (readonly string[])[]
}

export interface RepairedCopy {
  readonly path: string
  readonly repairs: readonly Repair[]
  /** Null for a rehearsal. */
  readonly list: RepairList | null
}

/** Where the repaired copy of a job stands. */
export function repairedCopyPath(workDir: string, jobId: string): string {
  return join(workDir, `repaired-copy-${jobId.replace(/[^\w-]/g, '_')}.db`)
}

/**
 * Makes a second copy of the safety copy and repairs it there by the choices made; then the checks run again on what was
 * touched. The rows are copied to PostgreSQL from this file; source and safety copy hold what was there before. The same
 * choices on the same safety copy give the same file.
 *
 * @throws AppError VALUE_REFUSED when something that blocks is left, LOCAL_DISK_FULL, CANCELLED. The files are removed.
 */
export async function makeRepairedCopy(
  options: RepairedCopyOptions,
  pool: TaskPool,
  report: Report,
  signal: AbortSignal,
): Promise<RepairedCopy> {
  const path = repairedCopyPath(options.workDir, options.jobId)
  const listPath = options.listFolder === null ? null : repairListPath(options.listFolder, options.jobId)
  try {
    await removeRepairedCopy(options.workDir, options.jobId)
    await copyFile(options.safetyCopyPath, path, constants.COPYFILE_FICLONE).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'ENOSPC'
        ? diskFull(options.workDir, options.sizeBytes, error)
        : error
    })
    await chmod(path, 0o600)
    const { choices, source, mappings } = options
    const findings = options.findings
      .filter(({ severity }) => severity === 'repaired')
      .map(({ code, kind, table, column }) => ({ code, kind, table, column }))
    const request = { choices, tables: source.tables, mappings, findings }
    const { repairs, list } = await pool.run('repair', { path, request, listPath })
    await checkAgain(path, options, repairs, pool, report, signal)
    return { path, repairs, list }
  } catch (error) {
    await removeRepairedCopy(options.workDir, options.jobId)
    if (listPath !== null) await rm(listPath, { force: true })
    throw error
  }
}

/** Removes the repaired copy of a job, whole or in part; the list of its rows stays. Safe to repeat. */
export async function removeRepairedCopy(workDir: string, jobId: string): Promise<void> {
  const path = repairedCopyPath(workDir, jobId)
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
}

/** What a choice did not cover, or brought about, is named before anything is written on the target. */
async function checkAgain(
  path: string,
  { source, mappings, findings, choices, uniqueKeysOf }: RepairedCopyOptions,
  repairs: readonly Repair[],
  pool: TaskPool,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  // A table of which nothing was repaired, although something was to be, is among them.
  const meant = findings.filter(({ severity }) => severity === 'repaired').map(({ table }) => table)
  const touched = new Set([...meant, ...repairs.map(({ table }) => table)])
  const again = mappings.filter(({ table }) => touched.has(table))
  const [references, values] = await Promise.all([checkReferences(path, source, signal), checkTables(again, { path, pool, uniqueKeysOf })])
  const found = [...references, ...[...values.values()].flatMap((checked) => checked.findings)].filter(
    ({ severity }) => severity === 'blocks',
  )
  const left = offerChoices(found, source, mappings)
  const [first] = left
  if (!first) return
  for (const finding of left) report({ type: 'finding', finding })
  // What was chosen already has done what it can.
  const others = first.choices.filter(({ choice }) => !isChosen(first, choice, choices))
  throw new AppError({
    code: 'VALUE_REFUSED',
    operation: 'check the repaired copy',
    subject: [first.table, first.column].filter((part) => part !== null).join('.'),
    message: `After the repairs something is left that stops the migration: ${first.message}`,
    hint:
      first.code === 'ORPHAN_ROWS'
        ? 'Rows that were left out had others that refer to them: choose orphans=delete or orphans=null too.'
        : [...others.map(({ choice }) => `--fix ${first.kind}=${choice}`), first.hint].join(' or '),
  })
}

function isChosen({ kind, table, column }: Finding, choice: string, choices: readonly RepairChoice[]): boolean {
  const name = repairKindNames.find((known) => known === kind)
  return name !== undefined && table !== null && choiceFor(choices, name, table, column?.split(', ') ?? []) === choice
}
