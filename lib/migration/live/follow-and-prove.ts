import { writeFile } from 'node:fs/promises'
import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { pause } from '@/lib/core/pause'
import type { Report } from '@/lib/core/progress'
import type { TableMapping } from '@/lib/core/table-mapping'
import { type CopyMark, type CopyStage, changeMark } from '@/lib/postgres/copy-mark'
import { recordStructure } from '@/lib/postgres/structure-record'
import type { TargetUrl } from '@/lib/postgres/target-url'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { highestChange } from '@/lib/sqlite/change-log'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { runAside } from '@/lib/sqlite/run-aside'
import { findOrphans } from '@/lib/verification/find-orphans'
import { readTargetStructure } from '@/lib/verification/target-structure'
import type { TableComparison } from '@/lib/verification/verification-result'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { inTransaction } from '../apply-schema'
import type { PhaseRunner } from '../phase-runner'
import type { TargetSession } from '../target-session'
import { readApplied, recordProven } from './applied-number'
import { type ChangeApplier, createChangeApplier } from './apply-changes'
import { readAppliedTables, requireIntactLog } from './capture'
import { createLagMeter } from './lag'
import { proofPath, removeProofFile } from './proof-file'

export interface LiveSource {
  readonly sourcePath: string
  /** Folder for the snapshot that the copy is compared with. */
  readonly workDir: string
}

export interface FollowOptions {
  readonly live: LiveSource
  readonly jobId: string
  readonly target: TargetUrl
  readonly targetUrl: string
  readonly mappings: readonly TableMapping[]
  /** Runs on the session's client, after a look at the mark; again after PostgreSQL was away. */
  onMark<T>(after: CopyStage, use: (client: pg.Client, mark: CopyMark) => Promise<T>): Promise<T>
}

export interface FollowContext {
  readonly session: TargetSession
  readonly phases: PhaseRunner
  readonly report: Report
  readonly signal: AbortSignal
}

/** A round of so few changes means that the copy has caught up. */
const fewChanges = 1_000
/** After so many rounds the copy is as near as it comes when a round does not get smaller any more. */
const roundsToJudge = 5
const lagIntervalMs = 1_000

/**
 * Brings a copy that was made of a snapshot up to its source, which is written to all the while, and proves it: the last
 * round reads from a second snapshot file, and the copy, which then is that file, is compared with it row by row. Marks the
 * copy as finished. Every step may be begun again.
 *
 * @throws AppError SOURCE_CHANGED, CONTENT_DIFFERS, LOCAL_DISK_FULL, CANCELLED; what a round throws
 */
export async function followAndProve(options: FollowOptions, context: FollowContext): Promise<readonly TableComparison[]> {
  const { phases, signal } = context
  const db = openSqlite(options.live.sourcePath, { readonly: true })
  try {
    await phases.run('catch-up', async () => {
      const changes = await options.onMark('sequences', async (client) => {
        const applier = await createApplier(client, db, options)
        return catchUp(applier, db, context)
      })
      return { result: undefined, facts: { changes } }
    })
    return await phases.run('prove', async () => {
      const tables = await options.onMark('sequences', async (client) => {
        const applier = await createApplier(client, db, options)
        const proven = await prove(client, applier, options, context)
        await inTransaction(client, async () => {
          await client.query('SET LOCAL synchronous_commit = on')
          await recordProven(client, applier.applied)
          // What a later verification holds the target against; the references are added by the cut-over.
          await recordStructure(client, options.target.schema)
          await changeMark(client, options.jobId, ['copying', 'copied'], 'copied')
        })
        return proven
      })
      throwIfAborted(signal)
      return { result: tables, facts: { tables: tables.length, rows: tables.reduce((sum, { sourceRows }) => sum + (sourceRows ?? 0), 0) } }
    })
  } finally {
    db.close()
  }
}

/** @throws AppError STATE_CONFLICT when the target does not say how far the changes are applied */
export async function createApplier(
  client: pg.Client,
  db: SqliteDatabase,
  { mappings }: Pick<FollowOptions, 'mappings'>,
): Promise<ChangeApplier> {
  const applied = await readApplied(client)
  if (applied === null) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'follow the source',
      message: 'The copy on PostgreSQL does not say how far it has come.',
      hint: 'Discard it and start again.',
    })
  }
  return createChangeApplier({ client, tables: readAppliedTables(db, mappings), applied: applied.seq })
}

/** Rounds until the copy is as near to the source as it comes. Answers how many changes were applied. */
async function catchUp(applier: ChangeApplier, db: SqliteDatabase, { session, report, signal }: FollowContext): Promise<number> {
  const meter = createLagMeter()
  let schemaVersion: number | undefined
  let reportedAt = Number.NEGATIVE_INFINITY
  let total = 0
  let before = Number.POSITIVE_INFINITY
  for (let round = 1; ; round += 1) {
    schemaVersion = requireIntactLog(db, schemaVersion)
    const { changes } = await applier.round(db, { signal })
    session.progressed()
    total += changes
    const isDone = changes <= fewChanges || (round >= roundsToJudge && changes > before * 0.9)
    before = changes
    const lag = meter.measure(highestChange(db), applier.applied)
    if (isDone || performance.now() - reportedAt >= lagIntervalMs) {
      report({ type: 'lag', phase: 'catch-up', lag })
      reportedAt = performance.now()
    }
    if (isDone) return total
    await pause(0, signal)
    throwIfAborted(signal)
  }
}

async function prove(
  client: pg.Client,
  applier: ChangeApplier,
  options: FollowOptions,
  { session, report, signal }: FollowContext,
): Promise<readonly TableComparison[]> {
  const { live, jobId, targetUrl, mappings, target } = options
  const path = proofPath(live.workDir, jobId)
  await removeProofFile(live.workDir, jobId)
  try {
    // There before SQLite writes to it, so that nobody else can read it at any moment.
    await writeFile(path, '', { mode: 0o600 })
    await runAside({ path: live.sourcePath, copyTo: path }, signal)
    const snapshot = openSqlite(path, { readonly: true })
    try {
      requireIntactLog(snapshot)
      await applier.round(snapshot, { signal })
      session.progressed()
      const { tables } = await verifyDatabases(
        { sourcePath: path, targetUrl, tables: mappings.map(({ table }) => table) },
        (event) => {
          if (event.type === 'progress' && event.phase === 'content') report({ ...event, phase: 'prove' })
        },
        signal,
      )
      requireEqual(tables)
      const isIdentical = (name: string) => tables.some(({ table, content }) => table === name && content === 'identical')
      const { findings } = await inTransaction(client, async () =>
        findOrphans(
          client,
          target.schema,
          readSqliteCatalogue(snapshot).tables.filter(({ name }) => isIdentical(name)),
          await readTargetStructure(client, target.schema),
          isIdentical,
        ),
      )
      const [orphan] = findings
      if (orphan) {
        for (const finding of findings) report({ type: 'finding', finding })
        throw new AppError({
          code: 'TARGET_REFUSED_ROW',
          operation: 'prove the copy',
          subject: orphan.table ?? 'references',
          message: orphan.message,
          hint: orphan.hint,
        })
      }
      return tables
    } finally {
      snapshot.close()
    }
  } finally {
    await removeProofFile(live.workDir, jobId)
  }
}

function requireEqual(tables: readonly TableComparison[]): void {
  const different = tables.filter(({ content }) => content !== 'identical')
  const [first] = different
  if (!first) return
  throw new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'prove the copy',
    subject: different.map(({ table }) => table).join(', '),
    message: `${first.table} is not the same on both sides: ${first.reason ?? `${first.differencesTotal} differences`}.`,
    hint: 'Nothing was switched: the app goes on with SQLite. Look whether a program writes to the file with triggers switched off, then start again.',
  })
}
