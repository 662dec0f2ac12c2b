import type pg from 'pg'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { resumeAutovacuum } from '@/lib/postgres/autovacuum'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import {
  type CopiedChunk,
  type CopyMark,
  type CopyStage,
  changeMark,
  copyStages,
  forgetChunks,
  readChunks,
  readMark,
  recordStage,
} from '@/lib/postgres/copy-mark'
import { setSequences } from '@/lib/postgres/sequences'
import { recordStructure } from '@/lib/postgres/structure-record'
import type { TargetUrl } from '@/lib/postgres/target-url'
import { countBeside } from '@/lib/verification/count-beside'
import { countTables } from '@/lib/verification/count-tables'
import type { TableComparison } from '@/lib/verification/verification-result'
import { applySchema, inTransaction } from './apply-schema'
import { buildStructure } from './build-structure'
import { areChunksOf, type Evidence } from './chunks'
import { type CopiedTotals, copyTables, planChunks } from './copy-tables'
import { gatherStatistics } from './gather-statistics'
import { startApplied } from './live/applied-number'
import { readSnapshotNumber } from './live/capture'
import { followAndProve, type LiveSource } from './live/follow-and-prove'
import type { PhaseRunner } from './phase-runner'
import { sendRepairs } from './repairs/send-repairs'
import { requireEqualCounts } from './require-equal-counts'
import type { ResumeRecord } from './resume-record'
import type { SchemaModel } from './schema-plan'
import type { TargetSession } from './target-session'
import type { TaskPool } from './threads/task-pool'

export interface FillOptions {
  readonly target: TargetUrl
  readonly targetUrl: string
  readonly applicationName: string
  readonly model: SchemaModel
  /** The plan that is carried out. */
  readonly record: ResumeRecord
  /** What the checks saw of the very values that are copied. Default: nothing, and the copy looks at them itself. */
  readonly evidence?: Evidence
  /** What is counted in the end: the source when it cannot change any more, otherwise what was copied from. */
  readonly countedPath: string
  readonly lanes: number
  readonly chunkRows?: number
  /** The source that goes on being written, and the folder for a snapshot of it; null where it does not. */
  readonly live: LiveSource | null
}

export interface FillContext {
  readonly session: TargetSession
  readonly pool: TaskPool
  readonly phases: PhaseRunner
  readonly report: Report
  readonly signal: AbortSignal
  /** Filled in as it becomes known: a failure leaves in it what was reached. */
  readonly filled: FilledTarget
}

export interface FilledTarget {
  copied?: CopiedTotals
  /** Of these, rows that were there when this attempt began. */
  rowsResumed?: number
  tables?: readonly TableComparison[]
}

/**
 * Carries out a plan on the target: schema, copy, structure, sequences, statistics, counts.
 *
 * Every phase finds out on the target itself what is done already, does the rest, and notes its end in the mark. So it
 * does not matter whether it is begun for the first time, begun again because PostgreSQL was away for a while, or taken up
 * by another process after this one was killed.
 *
 * @throws AppError TARGET_*, COPY_FAILED, COUNTS_DIFFER, STATE_CONFLICT, CANCELLED
 */
export async function fillTarget(options: FillOptions, context: FillContext): Promise<void> {
  const { session, pool, phases, report, signal, filled } = context
  const { target, applicationName, record, lanes } = options
  const { plan } = record
  const { jobId } = plan
  const path = plan.copySource.path
  const source = await pool.run('catalogue', { path })
  const chunking = options.chunkRows === undefined ? {} : { rows: options.chunkRows }
  /** Each try begins by looking at whose copy the target holds, and that nothing was lost which was taken for done. */
  const onMark = <T>(after: CopyStage, use: (client: pg.Client, mark: CopyMark) => Promise<T>) =>
    session.persist(async (client) => use(client, requireStage(await readMark(client), record, after)))

  // The threads have nothing else to do while the server makes the tables. Looked at where it is awaited.
  const planning = planChunks(plan.mappings, path, pool, chunking, options.evidence)
  planning.catch(() => undefined)

  await phases.run('schema', async () => {
    const making = { target, jobId, applicationName, model: options.model, recordChecksum: record.checksum, signal }
    await session.persist(async (client) => {
      const mark = await readMark(client)
      if (mark !== null && isAtLeast(mark, 'schema')) return
      await applySchema(client, plan.schema, making)
    })
    const { live } = options
    if (live !== null) await onMark('schema', (client) => startApplied(client, readSnapshotNumber(path)))
    // Before the first row: whoever compares the two databases later is to know what was repaired on the way.
    if (plan.repairs.length > 0) await onMark('schema', (client) => inTransaction(client, () => sendRepairs(client, path)))
    return { result: undefined, facts: { tables: plan.schema.tables.length } }
  })

  const copied = await phases.run('copy', async () => {
    const tables = await planning
    const result = await onMark('schema', async (client, mark) => {
      let chunks = await readChunks(client)
      if (!areChunksOf(chunks, tables)) {
        if (isAtLeast(mark, 'copy')) return totalsOf(chunks)
        report({ type: 'log', level: 'warn', message: 'The tables were cut into other pieces before; the copy begins anew.' })
        await clearCopied(client, plan.mappings)
        chunks = []
      }
      const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
      if (filled.rowsResumed === undefined && rows > 0) report({ type: 'log', level: 'info', message: `Resumed at ${rows} rows.` })
      filled.rowsResumed ??= rows
      const totals = await copyTables(
        tables,
        pool,
        {
          path,
          targetUrl: options.targetUrl,
          applicationName,
          isUtf16: source.encoding !== 'UTF-8',
          epoch: session.epoch,
          copied: chunks,
          halt: session.lost,
          onChunk: session.progressed,
        },
        report,
      )
      await noteStage(client, jobId, 'copy')
      return totals
    })
    filled.copied = result
    const resumed = filled.rowsResumed ? { resumedAtRows: filled.rowsResumed } : {}
    return { result, facts: { rows: result.rows, bytes: result.bytes, ...resumed } }
  })

  await phases.run('structure', async () => {
    const parts = await onMark('copy', async (client) => {
      const built = await buildStructure(
        client,
        { target, applicationName, lanes, rowsOf: copied.rowsOf, withoutLateParts: options.live !== null },
        report,
        signal,
      )
      await noteStage(client, jobId, 'structure')
      return built
    })
    return { result: undefined, facts: { parts } }
  })

  await phases.run('sequences', async () => {
    const recorded = new Map(source.tables.flatMap((table) => (table.sequence === null ? [] : [[table.name, table.sequence] as const])))
    const settings = await onMark('structure', (client) =>
      inTransaction(client, async () => {
        const done = await setSequences(client, await readPostgresCatalogue(client, target.schema), recorded)
        if (!(await isCopied(client))) await recordStage(client, jobId, 'sequences')
        return done
      }),
    )
    return { result: undefined, facts: { sequences: settings.length } }
  })

  await phases.run('statistics', async () => {
    const tables = await onMark('sequences', async (client) => {
      const gathered = await gatherStatistics({ target, applicationName, lanes }, copied.rowsOf, signal)
      await inTransaction(client, () => resumeAutovacuum(client, target.schema))
      return gathered
    })
    return { result: undefined, facts: { tables } }
  })

  if (options.live !== null) {
    const follow = { ...options, live: options.live, jobId, mappings: plan.mappings, onMark }
    filled.tables = await followAndProve(follow, { session, phases, report, signal })
    return
  }
  await phases.run('counts', async () => {
    const tables = await onMark('sequences', async (client) => {
      const counts = await countTables(
        { sourcePath: options.countedPath, targetUrl: options.targetUrl, openSource: countBeside },
        report,
        signal,
      )
      filled.tables = counts.tables
      requireEqualCounts(counts.tables)
      await inTransaction(client, async () => {
        await client.query('SET LOCAL synchronous_commit = on')
        // What a later verification holds the target against.
        await recordStructure(client, target.schema)
        await changeMark(client, jobId, ['copying', 'copied'], 'copied')
      })
      return counts.tables
    })
    return { result: undefined, facts: { tables: tables.length, rows: copied.rows } }
  })
}

/** Takes out what was copied in other pieces: by another release, which measured the tables in another way. */
async function clearCopied(client: pg.Client, mappings: readonly TableMapping[]): Promise<void> {
  const names = mappings.map(({ targetSchema, table }) => qualifiedName(targetSchema, table))
  await inTransaction(client, async () => {
    for (let from = 0; from < names.length; from += 100) await client.query(`TRUNCATE ${names.slice(from, from + 100).join(', ')}`)
    await forgetChunks(client)
  })
}

function totalsOf(chunks: readonly CopiedChunk[]): CopiedTotals {
  const rowsOf = new Map<string, number>()
  for (const { table, rows } of chunks) rowsOf.set(table, (rowsOf.get(table) ?? 0) + rows)
  return { rows: chunks.reduce((sum, { rows }) => sum + rows, 0), bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0), rowsOf }
}

async function noteStage(client: pg.Client, jobId: string, stage: CopyStage): Promise<void> {
  await inTransaction(client, async () => {
    const mark = await readMark(client)
    if (mark === null || !isAtLeast(mark, stage)) await recordStage(client, jobId, stage)
  })
}

async function isCopied(client: pg.Client): Promise<boolean> {
  return (await readMark(client))?.state === 'copied'
}

function isAtLeast(mark: CopyMark, stage: CopyStage): boolean {
  return mark.stage !== null && copyStages.indexOf(mark.stage) >= copyStages.indexOf(stage)
}

/**
 * @throws AppError STATE_CONFLICT when the target holds another copy or less of this one than was already noted: somebody
 *   else was at work there, or a standby without the last commits has taken the server's place
 */
function requireStage(mark: CopyMark | null, record: ResumeRecord, stage: CopyStage): CopyMark {
  const isOurs = mark?.jobId === record.plan.jobId && mark.recordChecksum === record.checksum
  if (mark && isOurs && (mark.state === 'copying' || mark.state === 'copied') && isAtLeast(mark, stage)) return mark
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'go on with the copy',
    message: 'PostgreSQL came back without what had been copied.',
    hint: 'See whether the server was replaced by a standby or a backup, or somebody else worked on the database; then start again.',
  })
}
