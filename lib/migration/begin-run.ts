import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import { readMark } from '@/lib/postgres/copy-mark'
import { inspectTarget } from '@/lib/postgres/inspect-target'
import { removeCopy, setCopyAside } from '@/lib/postgres/remove-copy'
import { asTargetUrl, type TargetUrl } from '@/lib/postgres/target-url'
import { requireSchemaEngine } from '@/lib/schema/schema-engine'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { pathLabel } from '@/lib/verification/endpoints'
import { stepsOf } from './apply-schema'
import { checkDiskSpace } from './check-source'
import { type CheckedMigration, checkMigration, requireReadyTarget } from './checks'
import { armCapture, findCaptureRefusals, isCaptured } from './live/capture'
import type { MigrateOptions } from './migrate-options'
import { applicationNameOf, type MigrationRun } from './migration-run'
import { rehearseRepairs, repairSafetyCopy } from './repairs/repair-safety-copy'
import { contradiction, decideResume, readIdentity } from './resume-decision'
import { describeFile, type ResumeRecord, removeWorkFiles, writeRecord } from './resume-record'
import { type SafetyCopy, writeSafetyCopy } from './safety-copy'
import { openTargetSession, type TargetSession } from './target-session'
import type { TaskPool } from './threads/task-pool'

/**
 * Everything before the first row: either an earlier attempt is found that can be gone on with, or the checks and the
 * safety copy are made. Answers the plan to carry out, with the target's lock held; null after a dry run.
 *
 * @throws AppError SOURCE_*, TARGET_*, MODEL_INVALID, SCHEMA_FAILED, VALUE_REFUSED, STRUCTURE_UNSUPPORTED, LOCAL_DISK_FULL, LEASE_HELD, CANCELLED
 */
export async function beginRun(
  options: MigrateOptions,
  run: MigrationRun,
  pool: TaskPool,
  signal: AbortSignal,
): Promise<ResumeRecord | null> {
  // What stands now is an earlier attempt's, and is to be undone should this one fail too.
  if ((options.fenceSource && isFenced(options.sourcePath)) || (options.live && isCaptured(options.sourcePath))) run.touched = true
  const begun = await run.phases.run<{ readonly record: ResumeRecord } | { readonly checked: CheckedMigration }>('checks', async () => {
    const earlier = options.dryRun ? null : await resume(options, run, pool, signal)
    if (earlier !== null) {
      const facts = { tables: earlier.plan.mappings.length, postgresql: run.inspection?.serverVersion ?? '', resumed: true }
      return { result: { record: earlier }, facts }
    }
    const checked = await check(options, run, pool, signal)
    const facts = { tables: checked.mappings.length, findings: checked.findings.length, postgresql: run.inspection?.serverVersion ?? '' }
    refuseBlocking(checked.findings)
    return { result: { checked }, facts }
  })
  if (options.dryRun) {
    if ('checked' in begun) run.repairs = await rehearseRepairs(begun.checked, options, pool, run.report, signal)
    run.phases.skipAfter('checks')
    return null
  }
  run.touched = true
  return run.phases.run('safety-copy', async () => {
    // Compiled while the disk is busy; who needs it in the next phase says what is wrong with it.
    if (options.model.kind === 'history') requireSchemaEngine().catch(() => undefined)
    const record = 'record' in begun ? begun.record : await makeRecord(begun.checked, options, run, pool, signal)
    const { path, sizeBytes } = record.plan.safetyCopy
    run.safetyCopy = path
    run.repairs = record.plan.repairs
    run.repairList = record.plan.repairList
    return { result: record, facts: { file: pathLabel(path), sizeBytes, readOnly: options.fenceSource } }
  })
}

/** The plan of an earlier attempt, when it can be gone on with; otherwise what is left of it is removed. */
async function resume(options: MigrateOptions, run: MigrationRun, pool: TaskPool, signal: AbortSignal): Promise<ResumeRecord | null> {
  const first = await decideResume(options)
  if (first.status === 'none') return null
  const target = asTargetUrl(options.targetUrl)
  const session = await openSession(options, target, run, signal, first.status === 'resumable')
  // Again, now that the lock is ours: whoever had it may have ended this very migration.
  const decision = await decideResume(options)
  if (decision.status === 'none') return null
  run.touched = true
  const mark = await session.persist(readMark)
  const reason = decision.status === 'impossible' ? decision.reason : contradiction(decision.record, mark)
  if (reason === null && decision.status === 'resumable') {
    const inspection = await session.persist(() => inspectTarget(target, signal))
    run.inspection = inspection
    // Killed before the schema was begun: what a fresh run asks of the target is asked now.
    if (mark === null) requireReadyTarget(inspection, false)
    const { record } = decision
    const source = await pool.run('catalogue', { path: record.plan.safetyCopy.path })
    run.source = { version: source.version, sizeBytes: source.pageCount * source.pageSize }
    run.findings = record.plan.findings
    run.report({ type: 'log', level: 'info', message: 'An earlier attempt was cut short; the migration goes on where it stood.' })
    return record
  }
  run.report({
    type: 'log',
    level: 'warn',
    message: `An earlier attempt cannot be gone on with. ${reason ?? ''} The migration begins anew.`,
  })
  await removeWorkFiles(options.workDir, options.jobId)
  return null
}

function openSession(
  options: MigrateOptions,
  target: TargetUrl,
  run: MigrationRun,
  signal: AbortSignal,
  isResumed: boolean,
): Promise<TargetSession> {
  const say = (level: 'info' | 'warn', message: string) => run.report({ type: 'log', level, message })
  return openTargetSession(
    {
      target,
      applicationName: applicationNameOf(options.jobId),
      isPatient: isResumed,
      // The lease and the state of the app stand behind a fenced source: no other process can be at work on this job.
      isSoleOwner: options.fenceSource || (options.live ?? false),
      ...(options.reconnectMs === undefined ? {} : { reconnectMs: options.reconnectMs }),
    },
    {
      onLost: (reason, limitMs) => {
        run.phases.setReconnecting(true)
        say('warn', `${reason.message} Waiting up to ${Math.round(limitMs / 1000)} seconds for PostgreSQL to come back.`)
      },
      onBack: (awayMs) => {
        run.phases.setReconnecting(false)
        say('info', `PostgreSQL is back after ${(awayMs / 1000).toFixed(1)} seconds; the migration goes on from the last committed chunk.`)
      },
    },
    signal,
  ).then((session) => {
    run.session = session
    return session
  })
}

async function check(options: MigrateOptions, run: MigrationRun, pool: TaskPool, signal: AbortSignal): Promise<CheckedMigration> {
  const target = asTargetUrl(options.targetUrl)
  const { sourcePath, model } = options
  // The source first: it costs no network, and its faults are the ones a person can do something about at once.
  const source = await pool.run('catalogue', { path: sourcePath })
  run.source = { version: source.version, sizeBytes: source.pageCount * source.pageSize }
  if (!options.dryRun) await checkDiskSpace(options.workDir, source)
  const inspection = await inspectTarget(target, signal)
  throwIfAborted(signal)
  run.inspection = inspection
  requireReadyTarget(inspection, options.setAside)
  const session = run.session ?? (await openSession(options, target, run, signal, false))
  // Known to the result also when a choice is refused: they say what is possible.
  const said: Finding[] = []
  run.findings = said
  const checked = await session.persist(async (client) => {
    if (!options.dryRun) await clearLeftover(client, options, run)
    said.length = 0
    const report: Report = (event) => {
      if (event.type === 'finding') said.push(event.finding)
      run.report(event)
    }
    // Behind a change log the app writes on: what was checked is not what is copied.
    if (!options.dryRun && !options.live) await pool.run('watch', { path: sourcePath, writable: options.fenceSource })
    return checkMigration({ sourcePath, target, model, client, pool, report, signal, choices: options.choices ?? [] })
  })
  const refused = options.live ? findCaptureRefusals(checked.source, options.choices ?? []) : []
  for (const finding of refused) run.report({ type: 'finding', finding })
  run.findings = [...checked.findings, ...refused]
  run.plan = checked.plan
  return { ...checked, findings: run.findings }
}

/** What an earlier run of ours left in the target, now that nobody else works on it. */
async function clearLeftover(client: pg.Client, options: MigrateOptions, run: MigrationRun): Promise<void> {
  const mark = await readMark(client)
  if (mark?.state === 'copying') {
    await removeCopy(client, mark)
    run.report({ type: 'log', level: 'info', message: 'An unfinished copy of an earlier run was removed from the target.' })
  }
  if (mark && ['rolled-back', 'abandoned', 'copied'].includes(mark.state) && options.setAside) {
    const schema = await setCopyAside(client, mark, new Date())
    run.report({ type: 'log', level: 'info', message: `The earlier copy was moved to the schema ${schema}.` })
  }
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

/** Fence and safety copy, and from then on the migration can be resumed. */
async function makeRecord(
  checked: CheckedMigration,
  options: MigrateOptions,
  run: MigrationRun,
  pool: TaskPool,
  signal: AbortSignal,
): Promise<ResumeRecord> {
  const { sourcePath, workDir, jobId } = options
  if (options.fenceSource) await pool.run('raiseFence', { path: sourcePath })
  if (options.live) armCapture(sourcePath, checked.source)
  // Before the copy is begun: what is written to an unfenced source from here on counts as a change.
  const identity = await readIdentity(options)
  const snapshot = await writeSafetyCopy(sourcePath, workDir, jobId, signal)
  run.safetyCopy = snapshot.path
  const isAsChecked = await pool.run('isUnchanged', { path: sourcePath })
  await requireSameSchema(checked, snapshot, pool)
  const file = await describeFile(snapshot.path)
  const repaired = await repairSafetyCopy(snapshot, checked, options, pool, run.report, signal)
  if (isAsChecked && repaired === null) run.evidence = checked.evidence
  run.freshRecord = await writeRecord(workDir, {
    jobId,
    identity,
    safetyCopy: file,
    copySource: repaired === null ? file : await describeFile(repaired.path),
    schema: stepsOf(checked.plan),
    mappings: [...checked.mappings],
    findings: [...checked.findings],
    repairs: [...(repaired?.repairs ?? [])],
    repairList: repaired?.list ?? null,
  })
  return run.freshRecord.record
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

function isFenced(path: string): boolean {
  try {
    const db = openSqlite(path, { readonly: true })
    try {
      return readFence(db)?.stage === 'moving'
    } finally {
      db.close()
    }
  } catch {
    // What is wrong with the source is said by the checks.
    return false
  }
}
