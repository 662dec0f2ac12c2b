import { availableParallelism } from 'node:os'
import type pg from 'pg'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import type { TableMapping } from '@/lib/core/table-mapping'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError } from '@/lib/postgres/connect'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import { mapTables, missingColumnOf } from '@/lib/schema/map-tables'
import { type ChangesSinceSwitch, readChangesSinceSwitch } from './changes-since-switch'
import { compareContent } from './compare-content'
import { absent, because, type Count, compareCounts } from './compare-counts'
import { pairTables, type TablePair } from './compared-tables'
import { createNameBudget, type Explain } from './comparison'
import { withComparisonKey } from './comparison-key'
import { countInGroups } from './count-target'
import { describeTarget } from './endpoints'
import { createProgress } from './progress-report'
import { withTargetSnapshot } from './read-snapshot'
import { type RepairsByChoice, readRepairsByChoice } from './repairs-by-choice'
import { withoutStale } from './source-computed'
import { toCount } from './source-counter'
import { openSourceReader, type SourceReader } from './source-reader'
import { type Aspect, hasExpectedRows, isSound, type TableComparison, type VerificationResult } from './verification-result'
import { aspectsOf, verifyStructure } from './verify-structure'

export const verificationPhases = ['counts', 'content', 'structure', 'files'] as const

/** What a check of the host app's files came to. Its findings' codes begin with CV_ to count for the aspect `files`. */
export interface FilesCheck {
  readonly checked: number
  readonly findings: readonly Finding[]
}

export interface VerifyOptions {
  /** Path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: string
  /** The job that asked; only for logs. */
  readonly jobId?: string
  /** Checks the files that rows speak of; left out where there are none. */
  readonly checkFiles?: (report: Report, signal: AbortSignal) => Promise<FilesCheck>
  /** Why a difference in this table is as it should be, beyond what the change log explains: rows repaired by choice. */
  readonly explain?: (table: string) => Explain | null
  /** Only these tables, and only their rows: no structure, no files. Default: everything. */
  readonly tables?: readonly string[]
  /** Leaves out what SQLite computes and PostgreSQL keeps as an ordinary column: once the app has written there it is stale. Default: false. */
  readonly withoutStale?: boolean
  /** Differences that are named, of a table and of all. Default: what a report has room for. */
  readonly mostNamed?: number
  /** Version of this program, for the report. */
  readonly version?: string
}

interface Sides {
  readonly reader: SourceReader
  readonly client: pg.Client
  readonly changes: ChangesSinceSwitch
  readonly repairs: RepairsByChoice
  /** Adds up the bytes that were read of the source. */
  readonly read: { bytes: number }
  readonly explain: VerifyOptions['explain']
  readonly mostNamed: number | undefined
  readonly withoutStale: boolean
  readonly report: Report
  readonly signal: AbortSignal
}

/**
 * Compares both databases as they are now: counts, every row and column, then sequences, constraints, indexes, columns,
 * triggers, orphans, and the files if the caller has any. Rows that the app wrote on the target since the switch are told
 * from faults by the change log. Each side is read in one snapshot, so the app may go on working. The comparison shares no code with the copy.
 * Memory does not grow with the data. `failed` when anything differs or could not be compared.
 *
 * @throws AppError SOURCE_*, TARGET_* when one of the databases cannot be read at all, CANCELLED
 */
export async function verifyDatabases(options: VerifyOptions, report: Report, signal: AbortSignal): Promise<VerificationResult> {
  throwIfAborted(signal)
  const startedAt = new Date()
  const started = performance.now()
  report({ type: 'plan', phases: phasesOf(options) })
  try {
    await using reader = await openSourceReader(options.sourcePath, signal)
    const sourceAt = new Date().toISOString()
    return await withTargetSnapshot(options.targetUrl, { signal, statementTimeoutMs: 0 }, async (client) => {
      await client.query(`SET LOCAL work_mem = '${availableParallelism() > 1 ? 128 : 64}MB'`)
      const changes = await readChangesSinceSwitch(client)
      const repairs = await readRepairsByChoice(client)
      const targetAt = new Date().toISOString()
      const read = { bytes: 0 }
      const sides: Sides = {
        reader,
        client,
        changes,
        repairs,
        read,
        explain: options.explain,
        mostNamed: options.mostNamed,
        withoutStale: options.withoutStale ?? false,
        report,
        signal,
      }
      const source = reader.opened.catalogue
      const target = await readPostgresCatalogue(client, schemaOf(options.targetUrl))
      const { tables: mappings, leftBehind: unmapped } = mapTables(source, target)
      const pairs = pairTables(source, target).filter(({ table }) => options.tables?.includes(table) ?? true)
      const findings: Finding[] = []
      const note = (found: readonly Finding[]) => {
        findings.push(...found)
        for (const finding of found) report({ type: 'finding', finding })
      }
      const counted = await inPhase(
        'counts',
        report,
        () => countPairs(pairs, sides),
        (each) => hasNoDifference(each, changes),
      )
      const leftBehind = unmapped.map((finding) => easedWhereEmpty(finding, counted))
      if (!options.tables) note(leftBehind)
      const tables = await inPhase('content', report, () => comparePairs(counted, mappings, leftBehind, sides), areSound)
      const isIdentical = (name: string) => tables.some(({ table, content }) => table === name && content === 'identical')
      const verifyAll = () => verifyStructure(client, pairs, target, isIdentical, signal)
      const structure = options.tables
        ? { findings: [], aspects: [] }
        : await inPhase('structure', report, verifyAll, (each) => areHarmless(each.findings))
      note(structure.findings)
      const files = await checkFiles(options, report, signal)
      note(files.findings)
      const isProven = areSound(tables) && areHarmless(findings)
      return {
        status: isProven ? 'succeeded' : 'failed',
        source: { ...reader.opened.endpoint, snapshotAt: sourceAt },
        target: { ...(await describeTarget(client, options.targetUrl)), snapshotAt: targetAt },
        startedAt: startedAt.toISOString(),
        elapsedMs: Math.round(performance.now() - started),
        tables: [...tables],
        findings,
        aspects: [...structure.aspects, ...files.aspects],
        compared: { rows: tables.reduce((sum, table) => sum + (mappedRows(table) ?? 0), 0), bytes: read.bytes },
        ...(options.version === undefined ? {} : { version: options.version }),
      }
    })
  } catch (error) {
    throw signal.aborted ? cancelledError(signal) : toPostgresError(error, targetLabel(options.targetUrl))
  }
}

/** A required column that only the target has takes nothing from a table without rows; the migration lets it pass as well. */
function easedWhereEmpty(finding: Finding, counted: readonly TableComparison[]): Finding {
  const counts = counted.find(({ table }) => table === finding.table)
  const isEmpty = counts?.sourceRows === 0 && counts.targetRows === 0
  return finding.code === 'COLUMN_NOT_IN_SOURCE' && isEmpty ? missingColumnOf(finding.table, finding.column ?? '', true) : finding
}

function phasesOf({ tables, checkFiles: check }: VerifyOptions): string[] {
  if (tables) return ['counts', 'content']
  return verificationPhases.filter((phase) => phase !== 'files' || check !== undefined)
}

async function checkFiles(
  options: VerifyOptions,
  report: Report,
  signal: AbortSignal,
): Promise<{ readonly findings: readonly Finding[]; readonly aspects: readonly Aspect[] }> {
  const { checkFiles: check } = options
  if (!check || options.tables) return { findings: [], aspects: [] }
  const { checked, findings } = await inPhase(
    'files',
    report,
    () => check(report, signal),
    (result) => areHarmless(result.findings),
  )
  return { findings, aspects: aspectsOf(findings, { files: checked }) }
}

async function countPairs(
  pairs: readonly TablePair[],
  { reader, client, repairs, report, signal }: Sides,
): Promise<readonly TableComparison[]> {
  const progress = createProgress('counts', report)
  const counting = reader.count(pairs.flatMap(({ source }) => source?.name ?? []))
  // Looked at below; should the target fail first, nobody does.
  counting.catch(() => undefined)
  const countPair = async ({ table, source }: TablePair, target: Count) => {
    const comparison = compareCounts(
      table,
      source ? toCount((await counting).get(table)) : absent('source'),
      target,
      repairs.leftOut.get(table),
    )
    progress.finishTable(table, comparison.sourceRows ?? 0, comparison.content === 'different' ? 'failed' : 'done')
    return comparison
  }
  const counted = await countInGroups(client, pairs, countPair, signal)
  progress.finish()
  return counted
}

async function comparePairs(
  counted: readonly TableComparison[],
  mappings: readonly TableMapping[],
  leftBehind: readonly Finding[],
  { reader, client, changes, repairs, read, explain, mostNamed, withoutStale: isStaleLeftOut, report, signal }: Sides,
): Promise<readonly TableComparison[]> {
  const progress = createProgress('content', report)
  const budget = createNameBudget(mostNamed)
  progress.plan(counted.map(({ table, sourceRows }) => ({ table, rowsTotal: sourceRows ?? 0 })))
  const done: TableComparison[] = []
  for (const counts of counted) {
    throwIfAborted(signal)
    const own = reader.opened.catalogue.tables.find(({ name }) => name === counts.table)
    const found = mappings.find(({ table }) => table === counts.table)
    const mapping = found && own && isStaleLeftOut ? withoutStale(found, own) : found
    if (!mapping) {
      done.push(counts)
      continue
    }
    progress.start(counts.table)
    const advance = (rows: number, bytes: number) => {
      read.bytes += bytes
      progress.advance(counts.table, rows, bytes)
    }
    const byValue = [explain?.(mapping.table) ?? null, await repairs.explainer(mapping)].filter((reason) => reason !== null)
    const since = await changes.explainer(mapping)
    const reasons = since === null ? byValue : [...byValue, since]
    // What explains differences in a table without a primary key knows its rows by what they hold, not by another key.
    const compared = own && reasons.length === 0 ? withComparisonKey(mapping, own) : mapping
    const explained = { explain: firstOf(reasons), explainsByValue: byValue.length > 0 }
    const outcome = await compareContent({ mapping: compared, reader, client, advance, signal, budget, ...explained })
    const result = outcome.status === 'compared' ? judge(counts, outcome.comparison) : { ...counts, ...because(outcome.cause) }
    const judged = withLeftBehind(result, leftBehind)
    done.push(judged)
    progress.finishTable(counts.table, counts.sourceRows ?? 0, isSound(judged) ? 'done' : 'failed')
  }
  progress.finish()
  return done
}

/** The first reason that holds; null where there is none to ask. */
function firstOf(reasons: readonly Explain[]): Explain | null {
  if (reasons.length === 0) return null
  return (difference, digest) => {
    for (const explain of reasons) {
      const because = explain(difference, digest)
      if (because !== null) return because
    }
    return null
  }
}

type Compared = Extract<Awaited<ReturnType<typeof compareContent>>, { status: 'compared' }>['comparison']

/** `identical` only when every row that was counted was also compared, on both sides. */
function judge(counts: TableComparison, { sourceRows, targetRows, differences, differencesTotal, expected }: Compared): TableComparison {
  const isExplained = expected['since-switch'] + expected['repaired-by-choice'] > 0
  const found = { differences: [...differences], differencesTotal, ...(isExplained ? { expected } : {}) }
  const compared = { ...counts, sourceRows, targetRows, ...found, ...because(null) }
  if (differencesTotal > 0) return { ...compared, content: 'different' }
  const isWhole = counts.sourceRows === sourceRows && counts.targetRows === targetRows && sourceRows === targetRows
  if (isWhole) return { ...compared, content: 'identical' }
  const counted = { sourceCounted: counts.sourceRows ?? 'none', targetCounted: counts.targetRows ?? 'none' }
  return { ...counts, content: 'unknown', ...because({ code: 'other-count', params: { sourceRows, targetRows, ...counted } }) }
}

/** Columns that only one side has were not compared: what they hold is lost, or unknown. */
function withLeftBehind(result: TableComparison, leftBehind: readonly Finding[]): TableComparison {
  const columns = leftBehind.filter(({ table, column, severity }) => table === result.table && column !== null && severity === 'blocks')
  if (columns.length === 0) return result
  const names = columns.map(({ column }) => column).join(', ')
  const isUnknown = columns.every(({ code }) => code === 'TYPE_UNSUPPORTED') && result.content !== 'different'
  return {
    ...result,
    content: isUnknown ? 'unknown' : 'different',
    differencesTotal: Math.max(result.differencesTotal, isUnknown ? 0 : 1),
    ...because({ code: 'columns-on-one-side', params: { columns: names } }),
  }
}

/** Rows of a table that were compared column by column. */
function mappedRows({ content, sourceRows }: TableComparison): number | null {
  return content === 'unknown' ? null : sourceRows
}

/** A table that the app has written to since the switch may have any number of rows. */
function hasNoDifference(tables: readonly TableComparison[], { tables: changed }: ChangesSinceSwitch): boolean {
  return tables.every(
    (counts) => changed.has(counts.table) || counts.content === 'identical' || (counts.content !== 'different' && hasExpectedRows(counts)),
  )
}

function areSound(tables: readonly TableComparison[]): boolean {
  return tables.every(isSound)
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
