import { availableParallelism } from 'node:os'
import type pg from 'pg'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import { reportError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import type { TableMapping } from '@/lib/core/table-mapping'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import { mapTables } from '@/lib/schema/map-tables'
import { compareContent } from './compare-content'
import { compareSequences } from './compare-sequences'
import { compareStructure } from './compare-structure'
import { pairTables, type TablePair } from './compared-tables'
import { absent, type Count, compareCounts, countTarget } from './count-tables'
import { describeTarget } from './endpoints'
import { createProgress } from './progress-report'
import { withTargetSnapshot } from './read-snapshot'
import { openSourceReader, type SourceReader } from './source-reader'
import { readTargetStructure } from './target-structure'
import type { TableComparison, VerificationResult } from './verification-result'

export const verificationPhases = ['counts', 'content', 'structure'] as const

export interface VerifyOptions {
  /** Path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: string
  /** The job that asked; only for logs. */
  readonly jobId?: string
}

interface Sides {
  readonly reader: SourceReader
  readonly client: pg.Client
  readonly report: Report
  readonly signal: AbortSignal
}

/**
 * Compares both databases as they are now: counts, every row and column, then sequences, indexes and references.
 * Each side is read in one snapshot, so the app may go on working. The comparison shares no code with the copy.
 * Memory does not grow with the data. `failed` when anything differs or could not be compared.
 *
 * @throws AppError SOURCE_*, TARGET_* when one of the databases cannot be read at all, CANCELLED
 */
export async function verifyDatabases(options: VerifyOptions, report: Report, signal: AbortSignal): Promise<VerificationResult> {
  throwIfAborted(signal)
  const startedAt = new Date()
  const started = performance.now()
  report({ type: 'plan', phases: [...verificationPhases] })
  try {
    await using reader = await openSourceReader(options.sourcePath, signal)
    return await withTargetSnapshot(options.targetUrl, { signal, statementTimeoutMs: 0 }, async (client) => {
      await client.query(`SET LOCAL work_mem = '${availableParallelism() > 1 ? 128 : 64}MB'`)
      const sides: Sides = { reader, client, report, signal }
      const source = reader.opened.catalogue
      const target = await readPostgresCatalogue(client, schemaOf(options.targetUrl))
      const { tables: mappings, leftBehind } = mapTables(source, target)
      const pairs = pairTables(source, target)
      const findings: Finding[] = []
      const note = (found: readonly Finding[]) => {
        findings.push(...found)
        for (const finding of found) report({ type: 'finding', finding })
      }
      note(leftBehind)
      const counted = await inPhase('counts', report, () => countPairs(pairs, sides), hasNoDifference)
      const tables = await inPhase('content', report, () => comparePairs(counted, mappings, leftBehind, sides), areIdentical)
      note(await inPhase('structure', report, () => compareStructures(pairs, sides, schemaOf(options.targetUrl)), areHarmless))
      const isProven = areIdentical(tables) && areHarmless(findings)
      return {
        status: isProven ? 'succeeded' : 'failed',
        source: reader.opened.endpoint,
        target: await describeTarget(client, options.targetUrl),
        startedAt: startedAt.toISOString(),
        elapsedMs: Math.round(performance.now() - started),
        tables: [...tables],
        findings,
      }
    })
  } catch (error) {
    throw signal.aborted ? cancelledError(signal) : toPostgresError(error, targetLabel(options.targetUrl))
  }
}

async function countPairs(pairs: readonly TablePair[], { reader, client, report, signal }: Sides): Promise<readonly TableComparison[]> {
  const progress = createProgress('counts', report)
  const counted: TableComparison[] = []
  for (const pair of pairs) {
    throwIfAborted(signal)
    progress.start(pair.table)
    const [source, target] = await Promise.all([
      pair.source === null ? absent('source') : countSource(reader, pair.table, signal),
      pair.target === null ? absent('target') : countTarget(client, pair.target),
    ])
    const comparison = compareCounts(pair.table, source, target)
    counted.push(comparison)
    progress.finishTable(pair.table, comparison.sourceRows ?? 0, comparison.content === 'different' ? 'failed' : 'done')
  }
  progress.finish()
  return counted
}

async function countSource(reader: SourceReader, table: string, signal: AbortSignal): Promise<Count> {
  try {
    return { rows: await reader.count(table), reason: null }
  } catch (error) {
    throwIfAborted(signal)
    return { rows: null, reason: `The source could not be counted: ${reportError(error).message}`, missing: false }
  }
}

async function comparePairs(
  counted: readonly TableComparison[],
  mappings: readonly TableMapping[],
  leftBehind: readonly Finding[],
  { reader, client, report, signal }: Sides,
): Promise<readonly TableComparison[]> {
  const progress = createProgress('content', report)
  progress.plan(counted.map(({ table, sourceRows }) => ({ table, rowsTotal: sourceRows ?? 0 })))
  const compared: TableComparison[] = []
  for (const counts of counted) {
    throwIfAborted(signal)
    const mapping = mappings.find(({ table }) => table === counts.table)
    if (!mapping) {
      compared.push(counts)
      continue
    }
    progress.start(counts.table)
    const advance = (rows: number, bytes: number) => progress.advance(counts.table, rows, bytes)
    const outcome = await compareContent({ mapping, reader, client, advance, signal })
    const result = outcome.status === 'compared' ? judge(counts, outcome.comparison) : { ...counts, reason: outcome.reason }
    const judged = withLeftBehind(result, leftBehind)
    compared.push(judged)
    progress.finishTable(counts.table, counts.sourceRows ?? 0, judged.content === 'identical' ? 'done' : 'failed')
  }
  progress.finish()
  return compared
}

type Compared = Extract<Awaited<ReturnType<typeof compareContent>>, { status: 'compared' }>['comparison']

/** `identical` only when every row that was counted was also compared, on both sides. */
function judge(counts: TableComparison, { sourceRows, targetRows, differences, differencesTotal }: Compared): TableComparison {
  const compared = { ...counts, sourceRows, targetRows, differences: [...differences], differencesTotal, reason: null }
  if (differencesTotal > 0) return { ...compared, content: 'different' }
  const isWhole = counts.sourceRows === sourceRows && counts.targetRows === targetRows && sourceRows === targetRows
  if (isWhole) return { ...compared, content: 'identical' }
  const reason = `Compared ${sourceRows} and ${targetRows} rows, but counted ${counts.sourceRows ?? 'none'} and ${counts.targetRows ?? 'none'}.`
  return { ...counts, content: 'unknown', reason }
}

/** Columns that only one side has were not compared: what they hold is lost, or unknown. */
function withLeftBehind(result: TableComparison, leftBehind: readonly Finding[]): TableComparison {
  const columns = leftBehind.filter(({ table, column, severity }) => table === result.table && column !== null && severity === 'blocks')
  if (columns.length === 0) return result
  const reason = `Not on both sides: ${columns.map(({ column }) => column).join(', ')}.`
  const isUnknown = columns.every(({ code }) => code === 'TYPE_UNSUPPORTED') && result.content !== 'different'
  return {
    ...result,
    content: isUnknown ? 'unknown' : 'different',
    differencesTotal: Math.max(result.differencesTotal, isUnknown ? 0 : 1),
    reason,
  }
}

async function compareStructures(pairs: readonly TablePair[], { client, signal }: Sides, schema: string): Promise<readonly Finding[]> {
  const structure = await readTargetStructure(client, schema)
  const findings: Finding[] = []
  for (const { source, target } of pairs) {
    throwIfAborted(signal)
    if (!source || !target) continue
    findings.push(...compareStructure(source, target, structure), ...(await compareSequences(client, source, target)))
  }
  return findings
}

function hasNoDifference(tables: readonly TableComparison[]): boolean {
  return tables.every(({ content, sourceRows, targetRows }) => content !== 'different' && sourceRows === targetRows)
}

function areIdentical(tables: readonly TableComparison[]): boolean {
  return tables.every(({ content }) => content === 'identical')
}

function areHarmless(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity !== 'blocks')
}

async function inPhase<T>(phase: string, report: Report, run: () => Promise<T>, isWell: (result: T) => boolean): Promise<T> {
  const started = performance.now()
  report({ type: 'phase', phase, status: 'started' })
  try {
    const result = await run()
    report({ type: 'phase', phase, status: isWell(result) ? 'succeeded' : 'failed', elapsedMs: Math.round(performance.now() - started) })
    return result
  } catch (error) {
    report({ type: 'phase', phase, status: 'failed', elapsedMs: Math.round(performance.now() - started) })
    throw error
  }
}
