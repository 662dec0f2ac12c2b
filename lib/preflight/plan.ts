import { z } from 'zod'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { quoteName, quoteText, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { runAside } from '@/lib/sqlite/run-aside'
import { estimateSteps, type MeasuredRun, type TableSize } from './estimate'
import type { PreflightPlan } from './preflight-result'

export interface PlanInput {
  readonly sourcePath: string
  readonly catalogue: SqliteCatalogue
  /** Tables that will be copied. */
  readonly tables: readonly string[]
  /** An earlier migration here, to estimate from. */
  readonly measured: MeasuredRun | null
}

/** SQLite takes at most 500 parts in a compound SELECT. */
const countedAtOnce = 100

/** Tables with rows, bytes, order and time. @throws AppError SOURCE_*, CANCELLED; what could not be read is null */
export async function makePlan({ sourcePath, catalogue, tables, measured }: PlanInput, signal: AbortSignal): Promise<PreflightPlan> {
  const [rows, bytes] = await Promise.all([
    countRows(sourcePath, tables, signal),
    readTableBytes(sourcePath, signal).catch((error: unknown) => {
      if (signal.aborted) throw error
      return new Map<string, number>()
    }),
  ])
  const sizes = tables.map((table): TableSize => ({ table, rows: rows.get(table) ?? null, bytes: bytes.get(table) ?? null }))
  const sourceBytes = catalogue.pageCount * catalogue.pageSize
  const { steps, copyMsOf, from } = estimateSteps(sizes, sourceBytes, measured)
  // As the copy orders them: the largest first, so that no lane is left alone with one in the end.
  const ordered = [...sizes].sort((a, b) => (b.rows ?? 0) - (a.rows ?? 0))
  return {
    tables: ordered.map((size, index) => ({ ...size, order: index + 1, estimatedMs: copyMsOf(size) })),
    rows: sizes.some((size) => size.rows === null) ? null : sizes.reduce((sum, size) => sum + (size.rows ?? 0), 0),
    bytes: sourceBytes,
    estimatedMs: steps.reduce((sum, { estimatedMs }) => sum + estimatedMs, 0),
    steps: [...steps],
    estimatedFrom: from,
  }
}

async function countRows(path: string, tables: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (let first = 0; first < tables.length; first += countedAtOnce) {
    const parts = tables
      .slice(first, first + countedAtOnce)
      .map((table) => safeSql`SELECT ${quoteText(table)} AS name, count(*) AS rows FROM ${quoteName(table)}`)
    const sql = parts.join(' UNION ALL ') as SafeSql
    const rows = await runAside({ path, readonly: true, sql }, signal)
    for (const { name, rows: count } of z.array(z.object({ name: z.string(), rows: z.number() })).parse(rows)) counts.set(name, count)
  }
  return counts
}

/** Pages of each table with its indexes. Reads the head of every page. */
async function readTableBytes(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const sql = safeSql`SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes FROM sqlite_schema s JOIN dbstat d ON d.name = s.name AND d.aggregate = 1
    WHERE s.rootpage > 0 GROUP BY 1`
  const rows = z.array(z.object({ name: z.string(), bytes: z.number() })).parse(await runAside({ path, readonly: true, sql }, signal))
  return new Map(rows.map(({ name, bytes }) => [name, bytes]))
}
