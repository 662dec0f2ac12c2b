import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError, type ErrorReport, reportError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres } from '@/lib/postgres/connect'
import { changeMark, readMark } from '@/lib/postgres/copy-mark'
import { inspectTarget, type TargetInspection } from '@/lib/postgres/inspect-target'
import { removeCopy, setCopyAside } from '@/lib/postgres/remove-copy'
import { setSequences } from '@/lib/postgres/sequences'
import { lockTarget } from '@/lib/postgres/target-lock'
import { asTargetUrl, type TargetUrl, targetLabel } from '@/lib/postgres/target-url'
import { countTables } from '@/lib/verification/count-tables'
import { pathLabel } from '@/lib/verification/endpoints'
import type { TableComparison } from '@/lib/verification/verification-result'
import { applySchema, inTransaction } from './apply-schema'
import { buildStructure } from './build-structure'
import { checkDiskSpace } from './check-source'
import { type CheckedMigration, checkMigration, requireReadyTarget } from './checks'
import { type CopiedTotals, copyTables } from './copy-tables'
import { undoMigration } from './discard-copy'
import type { MigrationResult } from './migration-result'
import { createPhaseRunner, type PhaseRunner } from './phase-runner'
import { requireEqualCounts } from './require-equal-counts'
import { type SafetyCopy, writeSafetyCopy } from './safety-copy'
import type { SchemaModel } from './schema-plan'
import { createTaskPool, type TaskPool } from './threads/task-pool'

export interface MigrateOptions {
  /** Marks everything that this run makes on the target. */
  readonly jobId: string
  /** Absolute path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: string
  readonly model: SchemaModel
  /** Folder for the safety copy, on a disk with room for the whole source. Made when absent. */
  readonly workDir: string
  /** Whether the source refuses writes from the safety copy on, and after success goes on refusing them. */
  readonly fenceSource: boolean
  /** Whether a copy that the app was switched back from may be moved aside. */
  readonly setAside: boolean
  /** Checks and plans, and writes nothing on the target. */
  readonly dryRun: boolean
  /** Tables copied at once. Default: 2, as many as this kind of machine has cores to share with the server. */
  readonly lanes?: number
  /** Rows of one chunk, about. Default: 250,000. */
  readonly chunkRows?: number
}

/**
 * Moves an SQLite database to an empty PostgreSQL one: checks, safety copy, schema, copy, structure, sequences, counts.
 *
 * Never throws for an expected failure: the answer has status `failed`, the error and what was found, and then the target
 * is as it was found, the fence is down and the safety copy is removed. The same when `signal` fires, within a second.
 * When the process itself is killed, `discardCopy` or `recoverDatabases` do the same later.
 */
export async function migrateDatabase(options: MigrateOptions, report: Report, signal: AbortSignal): Promise<MigrationResult> {
  const run = startRun(options, report)
  const ended = new AbortController()
  // Ends what still runs beside the step that failed.
  const running = AbortSignal.any([signal, ended.signal])
  let error: ErrorReport | undefined
  try {
    await runPhases(options, run, running)
  } catch (cause) {
    const failure = signal.aborted
      ? new AppError({
          code: 'CANCELLED',
          message: 'The migration was cancelled.',
          hint: 'Nothing of it is left; start again at any time.',
        })
      : cause
    error = reportError(failure)
  } finally {
    ended.abort()
    // The server frees the target's lock with the connection; then the undoing below can take it.
    await run.client?.end().catch(() => undefined)
    await run.pool?.close()
  }
  if (error && run.touched) error = await undo(options, run, error, report)
  return resultOf(options, run, error)
}

interface Run {
  readonly startedAt: Date
  readonly startedMs: number
  readonly phases: PhaseRunner
  readonly report: Report
  client?: pg.Client
  pool?: TaskPool
  inspection?: TargetInspection
  checked?: CheckedMigration
  safetyCopy?: SafetyCopy
  copied?: CopiedTotals
  tables: readonly TableComparison[]
  /** Something may have to be undone: the fence, the safety copy, objects on the target. */
  touched: boolean
  /** Why the undoing is not complete. */
  leftover?: string
}

function startRun(_options: MigrateOptions, report: Report): Run {
  return { startedAt: new Date(), startedMs: performance.now(), phases: createPhaseRunner(report), report, tables: [], touched: false }
}

async function runPhases(options: MigrateOptions, run: Run, signal: AbortSignal): Promise<void> {
  const target = asTargetUrl(options.targetUrl)
  const applicationName = applicationNameOf(options.jobId)
  const { phases, report } = run
  throwIfAborted(signal)
  const pool = await createTaskPool(options.lanes ?? 2, signal)
  run.pool = pool

  const checked = await phases.run('checks', async () => {
    const result = await check(options, run, target, pool, signal)
    run.checked = result
    const facts = { tables: result.mappings.length, findings: result.findings.length, postgresql: run.inspection?.serverVersion ?? '' }
    refuseBlocking(result.findings)
    return { result, facts }
  })
  if (options.dryRun) {
    for (const phase of ['safety-copy', 'schema', 'copy', 'structure', 'sequences', 'counts'] as const) phases.skip(phase)
    return
  }
  const client = requireClient(run)
  run.touched = true

  const snapshot = await phases.run('safety-copy', async () => {
    if (options.fenceSource) await pool.run('raiseFence', { path: options.sourcePath })
    const result = await writeSafetyCopy(options.sourcePath, options.workDir, options.jobId, signal)
    run.safetyCopy = result
    return { result, facts: { file: pathLabel(result.path), sizeBytes: result.sizeBytes, readOnly: options.fenceSource } }
  })
  await phases.run('schema', async () => {
    await requireSameSchema(checked, snapshot, pool)
    await applySchema(client, target, checked.plan, options.jobId, applicationName)
    return { result: undefined, facts: { tables: checked.plan.catalogue.tables.length } }
  })
  const copied = await phases.run('copy', async () => {
    const result = await copyTables(
      checked.mappings,
      pool,
      {
        path: snapshot.path,
        targetUrl: options.targetUrl,
        applicationName,
        isUtf16: checked.source.encoding !== 'UTF-8',
        ...(options.chunkRows === undefined ? {} : { rows: options.chunkRows }),
      },
      report,
    )
    run.copied = result
    return { result, facts: { rows: result.rows, bytes: result.bytes } }
  })
  await phases.run('structure', async () => {
    const parts = await buildStructure(
      client,
      { target, applicationName, lanes: options.lanes ?? 2, rowsOf: copied.rowsOf },
      report,
      signal,
    )
    return { result: undefined, facts: { parts } }
  })
  await phases.run('sequences', async () => {
    const settings = await inTransaction(client, async () => {
      const catalogue = await readPostgresCatalogue(client, target.schema)
      return setSequences(client, catalogue, recordedSequences(checked))
    })
    return { result: undefined, facts: { sequences: settings.length } }
  })
  await phases.run('counts', async () => {
    // The snapshot is what was copied; the source itself may go on changing when it is not fenced.
    const sourcePath = options.fenceSource ? options.sourcePath : snapshot.path
    const counts = await countTables({ sourcePath, targetUrl: options.targetUrl }, report, signal)
    run.tables = counts.tables
    requireEqualCounts(counts.tables)
    await inTransaction(client, () => changeMark(client, options.jobId, ['copying'], 'copied'))
    return { result: undefined, facts: { tables: counts.tables.length, rows: copied.rows } }
  })
}

async function check(options: MigrateOptions, run: Run, target: TargetUrl, pool: TaskPool, signal: AbortSignal): Promise<CheckedMigration> {
  // The source first: it costs no network, and its faults are the ones a person can do something about at once.
  const catalogue = await pool.run('catalogue', { path: options.sourcePath })
  if (!options.dryRun) await checkDiskSpace(options.workDir, catalogue)
  const inspection = await inspectTarget(target, signal)
  throwIfAborted(signal)
  run.inspection = inspection
  requireReadyTarget(inspection, options.setAside)
  const client = await connectPostgres(target, { applicationName: applicationNameOf(options.jobId), signal })
  run.client = client
  await lockTarget(client)
  if (!options.dryRun) await clearLeftover(client, options, run)
  return checkMigration({ sourcePath: options.sourcePath, target, model: options.model, client, pool, report: run.report, signal })
}

/** What an earlier run of ours left in the target, now that nobody else works on it. */
async function clearLeftover(client: pg.Client, options: MigrateOptions, run: Run): Promise<void> {
  const mark = await readMark(client)
  if (mark?.state === 'copying') {
    await removeCopy(client, mark)
    run.report({ type: 'log', level: 'info', message: 'An unfinished copy of an earlier run was removed from the target.' })
  }
  if ((mark?.state === 'rolled-back' || mark?.state === 'copied') && options.setAside) {
    const schema = await setCopyAside(client, mark, new Date())
    run.report({ type: 'log', level: 'info', message: `The earlier copy was moved to the schema ${schema}.` })
  }
}

function requireClient(run: Run): pg.Client {
  if (!run.client) throw new AppError({ code: 'INTERNAL', message: 'The target was not connected.' })
  return run.client
}

function refuseBlocking(findings: readonly Finding[]): void {
  const blocking = findings.filter((finding) => finding.severity === 'blocks')
  const [first] = blocking
  if (!first) return
  const isValue = first.column !== null || first.key !== null
  throw new AppError({
    code: isValue ? 'VALUE_REFUSED' : 'STRUCTURE_UNSUPPORTED',
    operation: 'check the source',
    ...(first.table === null ? {} : { subject: [first.table, first.column].filter((part) => part !== null).join('.') }),
    message: blocking.length === 1 ? first.message : `${first.message} (and ${blocking.length - 1} more findings that stop the migration)`,
    hint: first.hint,
  })
}

/** A table that was changed between the checks and the snapshot was not checked. */
async function requireSameSchema(checked: CheckedMigration, snapshot: SafetyCopy, pool: TaskPool): Promise<void> {
  const copy = await pool.run('catalogue', { path: snapshot.path })
  const shape = (tables: CheckedMigration['source']['tables']) => JSON.stringify(tables.map((table) => [table.name, table.sql]))
  if (shape(copy.tables) === shape(checked.source.tables)) return
  throw new AppError({
    code: 'SOURCE_CHANGED',
    operation: 'read the snapshot',
    message: 'The tables of the source were changed while the migration began.',
    hint: 'Start again when no schema migration runs.',
    retryable: true,
  })
}

function recordedSequences(checked: CheckedMigration): ReadonlyMap<string, bigint> {
  return new Map(checked.source.tables.flatMap((table) => (table.sequence === null ? [] : [[table.name, table.sequence] as const])))
}

async function undo(options: MigrateOptions, run: Run, error: ErrorReport, report: Report): Promise<ErrorReport> {
  const problem = await undoMigration(options, report)
  if (!problem) return error
  run.leftover = problem.message
  report({ type: 'log', level: 'error', message: `Not everything could be put back: ${problem.message}` })
  return {
    ...error,
    hint: `${error.hint ?? ''} Not everything could be put back (${problem.message}); it is done when the next job starts, or with Discard.`.trim(),
  }
}

/** Shown in pg_stat_activity; sessions of one job are found by it. */
export function applicationNameOf(jobId: string): string {
  return `bascule ${jobId}`.slice(0, 63)
}

function resultOf(options: MigrateOptions, run: Run, error: ErrorReport | undefined): MigrationResult {
  const source = run.checked?.source
  return {
    status: error ? 'failed' : 'succeeded',
    dryRun: options.dryRun,
    source: {
      engine: 'sqlite',
      label: pathLabel(options.sourcePath),
      version: source?.version ?? '',
      sizeBytes: source ? source.pageCount * source.pageSize : null,
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
    rowsCopied: run.copied?.rows ?? 0,
    bytesCopied: run.copied?.bytes ?? 0,
    tables: [...run.tables],
    findings: [...(run.checked?.findings ?? [])],
    safetyCopy: error ? null : (run.safetyCopy?.path ?? null),
    leftover: run.leftover ?? null,
    targetSchemaSql: options.dryRun && run.checked ? sqlOf(run.checked) : null,
    ...(error ? { error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } } : {}),
  }
}

function sqlOf(checked: CheckedMigration): string {
  return [checked.plan.modelSql.trim(), ...checked.plan.ownSql.map((sql) => `${sql};`)].filter((sql) => sql !== '').join('\n\n')
}

function labelOf(url: string): string {
  try {
    return targetLabel(url)
  } catch {
    return ''
  }
}
