import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import { connectPostgres, sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { isLatePart, partKey, readBuilt, readStripped, restoring, type StructurePart, validating } from '@/lib/postgres/structure'
import type { TargetUrl } from '@/lib/postgres/target-url'

export interface StructureOptions {
  readonly target: TargetUrl
  readonly applicationName: string
  /** Connections that build at once. */
  readonly lanes: number
  /** Rows of each table: the largest is begun first. */
  readonly rowsOf: ReadonlyMap<string, number>
  /** Whether references and triggers are left off: rows that are deleted and inserted again would take others along. Default: false. */
  readonly withoutLateParts?: boolean
}

/**
 * Puts back keys and indexes, several at once, then references and triggers, and brings the planner's statistics up to date.
 * Parts that stand already are left as they are, so it may be repeated.
 *
 * @throws AppError TARGET_REFUSED_ROW when rows break a key or reference, STRUCTURE_UNSUPPORTED, TARGET_*
 */
export async function buildStructure(client: pg.Client, options: StructureOptions, report: Report, signal: AbortSignal): Promise<number> {
  const stripped = await readStripped(client)
  const parts = options.withoutLateParts ? stripped.filter((part) => !isLatePart(part)) : stripped
  // An earlier attempt may have built some of them.
  const built = await readBuilt(client, options.target.schema)
  const isMissing = (part: StructurePart) => built.get(partKey(part)) === undefined
  const lanes: pg.Client[] = []
  try {
    for (let lane = 0; lane < options.lanes; lane += 1) {
      const connection = await connectPostgres(options.target, { applicationName: options.applicationName, signal })
      lanes.push(connection)
      // Sorting in memory is what makes an index build fast; two of them fit into a small server.
      await connection.query(`SET maintenance_work_mem = '192MB'; SET synchronous_commit = off`)
    }
    const { schema } = options.target
    const { rowsOf } = options
    const perform = async (work: readonly StructurePart[], statementOf: (schema: string, part: StructurePart) => string) => {
      await inLanes(lanes, batchesOf(work, rowsOf), signal, (lane, batch) => runBatch(lane, batch, (part) => statementOf(schema, part)))
    }
    const early = parts.filter((part) => !isLatePart(part))
    await perform(early.filter(isMissing), restoring)
    report({ type: 'log', level: 'info', message: `${early.length} keys and indexes are built.` })
    const late = parts.filter((part) => isLatePart(part) && isMissing(part))
    for (let from = 0; from < late.length; from += partsAtOnce) {
      await runBatch(client, late.slice(from, from + partsAtOnce), (part) => restoring(schema, part))
    }
    await perform(
      parts.filter((part) => part.kind === 'foreign' && built.get(partKey(part)) !== true),
      validating,
    )
    const tables = [...rowsOf.keys()].map((table) => ({ table }))
    await inLanes(lanes, batchesOf(tables, rowsOf), signal, async (lane, batch) => {
      await lane.query(`ANALYZE ${batch.map(({ table }) => qualifiedName(schema, table)).join(', ')}`)
    })
    return parts.length
  } finally {
    await Promise.all(lanes.map((lane) => lane.end().catch(() => undefined)))
  }
}

/** Parts of small tables go to the server this many at once: with 500 tables the round trips are what takes the time. */
const partsAtOnce = 50
const smallRows = 20_000

/** The largest tables first and one by one, small ones in batches; the parts of one table stay next to each other. */
function batchesOf<T extends { readonly table: string }>(work: readonly T[], rowsOf: ReadonlyMap<string, number>): T[][] {
  const rows = ({ table }: T) => rowsOf.get(table) ?? 0
  const batches: T[][] = []
  for (const part of [...work].sort((a, b) => rows(b) - rows(a))) {
    const last = batches.at(-1)
    const isRoomy = last?.[0] !== undefined && rows(last[0]) <= smallRows && last.length < partsAtOnce
    if (last && isRoomy) last.push(part)
    else batches.push([part])
  }
  return batches
}

/** One message is one transaction of the server: what it refuses is taken back whole, and asked again part by part, to name it. */
async function runBatch(lane: pg.Client, batch: readonly StructurePart[], statementOf: (part: StructurePart) => string): Promise<void> {
  if (batch.length > 1) {
    const isDone = await lane.query(batch.map(statementOf).join(';\n')).then(
      () => true,
      () => false,
    )
    if (isDone) return
  }
  for (const part of batch) {
    await lane.query(statementOf(part)).catch((error: unknown) => {
      throw structureError(error, part)
    })
  }
}

/** Runs the items of a queue on all connections; the first failure stops the rest from starting. */
async function inLanes<T>(
  lanes: readonly pg.Client[],
  queue: T[],
  signal: AbortSignal,
  run: (lane: pg.Client, item: T) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(
    lanes.map(async (lane) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        throwIfAborted(signal)
        try {
          await run(lane, item)
        } catch (error) {
          queue.length = 0
          throw error
        }
      }
    }),
  )
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

/** PostgreSQL's detail quotes values; the names of table and rule are enough to find the rows. */
function structureError(error: unknown, part: StructurePart): AppError {
  const state = sqlStateOf(error) ?? ''
  const names = {
    '23505': 'rows with the same key',
    '23503': 'rows that refer to rows which do not exist',
    '23502': 'NULL in a key',
    '23P01': 'rows that exclude each other',
  }
  const reason = Object.entries(names).find(([code]) => code === state)?.[1]
  if (reason) {
    return new AppError({
      code: 'TARGET_REFUSED_ROW',
      operation: `build ${part.kind}`,
      subject: `${part.table} · ${part.name}`,
      message: `${part.table} has ${reason}: ${part.name} (${part.definition}) cannot be built.`,
      hint: 'Find these rows in the source by the columns of the rule and correct them, then start again.',
      cause: error,
    })
  }
  const known = toPostgresError(error, part.table, 'STRUCTURE_UNSUPPORTED')
  if (state !== '54000') return known
  return new AppError({
    code: 'STRUCTURE_UNSUPPORTED',
    operation: `build ${part.kind}`,
    subject: `${part.table} · ${part.name}`,
    message: `${part.name} on ${part.table} cannot be built: a value is longer than an index of PostgreSQL can hold (2,704 bytes).`,
    hint: 'Shorten these values, or drop the index from the model.',
    cause: error,
  })
}
