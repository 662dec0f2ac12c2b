import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import { connectPostgres, sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import {
  isLatePart,
  partKey,
  readBuilt,
  readStripped,
  restorePart,
  restoreReference,
  type StructurePart,
  validateReference,
} from '@/lib/postgres/structure'
import type { TargetUrl } from '@/lib/postgres/target-url'
import { inTransaction } from './apply-schema'

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
  const missing = parts.filter((part) => built.get(partKey(part)) === undefined)
  const references = parts.filter((part) => part.kind === 'foreign')
  const tables = [...options.rowsOf.keys()]
  const lanes: pg.Client[] = []
  try {
    for (let lane = 0; lane < options.lanes; lane += 1) {
      const connection = await connectPostgres(options.target, { applicationName: options.applicationName, signal })
      lanes.push(connection)
      // Sorting in memory is what makes an index build fast; two of them fit into a small server.
      await connection.query(`SET maintenance_work_mem = '192MB'; SET synchronous_commit = off`)
    }
    const { schema } = options.target
    const perform = async (work: readonly StructurePart[], run: (lane: pg.Client, part: StructurePart) => Promise<void>) => {
      const queue = [...work].sort((a, b) => (options.rowsOf.get(b.table) ?? 0) - (options.rowsOf.get(a.table) ?? 0))
      await inLanes(lanes, queue, signal, async (lane, part) => {
        await run(lane, part).catch((error: unknown) => {
          throw structureError(error, part)
        })
      })
    }
    await perform(
      missing.filter((part) => !isLatePart(part)),
      (lane, part) => restorePart(lane, schema, part),
    )
    report({ type: 'log', level: 'info', message: `${parts.filter((part) => !isLatePart(part)).length} keys and indexes are built.` })
    await inTransaction(client, async () => {
      for (const part of missing.filter(isLatePart)) {
        await (part.kind === 'foreign' ? restoreReference : restorePart)(client, schema, part).catch((error: unknown) => {
          throw structureError(error, part)
        })
      }
    })
    await perform(
      references.filter((part) => built.get(partKey(part)) !== true),
      (lane, part) => validateReference(lane, schema, part),
    )
    await inLanes(lanes, [...tables], signal, async (lane, table) => {
      await lane.query(`ANALYZE ${qualifiedName(schema, table)}`)
    })
    return parts.length
  } finally {
    await Promise.all(lanes.map((lane) => lane.end().catch(() => undefined)))
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
