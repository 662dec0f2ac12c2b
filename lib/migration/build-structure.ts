import type pg from 'pg'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { isLatePart, readBuilt, readStripped, type StructurePart } from '@/lib/postgres/structure'
import { batchesOf, type LaneOptions, partsAtOnce, withServerLanes } from './server-lanes'
import { planSteps, type StructureStep, waitsFor } from './structure-steps'

export interface StructureOptions extends LaneOptions {
  /** Rows of each table: the largest is begun first. */
  readonly rowsOf: ReadonlyMap<string, number>
  /** Whether references and triggers are left off: rows that are deleted and inserted again would take others along. Default: false. */
  readonly withoutLateParts?: boolean
}

/**
 * Puts back keys and indexes, several at once, then references and triggers. Parts that stand already are left as they
 * are, so it may be repeated.
 *
 * @throws AppError TARGET_REFUSED_ROW when rows break a key or reference, STRUCTURE_UNSUPPORTED, TARGET_*
 */
export async function buildStructure(client: pg.Client, options: StructureOptions, report: Report, signal: AbortSignal): Promise<number> {
  const { rowsOf, target } = options
  const { schema } = target
  const stripped = await readStripped(client)
  const parts = options.withoutLateParts ? stripped.filter((part) => !isLatePart(part)) : stripped
  // An earlier attempt may have built some of them.
  const steps = planSteps(schema, parts, await readBuilt(client, schema), rowsOf)
  await withServerLanes(options, signal, async (lanes) => {
    const perform = (work: readonly StructureStep[]) => lanes.perform(batchesOf(work, rowsOf), runBatch, waitsFor)
    await perform(steps.early)
    for (let from = 0; from < steps.instant.length; from += partsAtOnce) {
      await runBatch(client, steps.instant.slice(from, from + partsAtOnce))
    }
    await perform(steps.last)
  })
  report({ type: 'log', level: 'info', message: `${parts.length} keys, indexes and references are built.` })
  return parts.length
}

/** One message is one transaction of the server: what it refuses is taken back whole, and asked again part by part, to name it. */
async function runBatch(lane: pg.Client, batch: readonly StructureStep[]): Promise<void> {
  if (batch.length > 1) {
    const isDone = await lane.query(batch.map(({ statement }) => statement).join(';\n')).then(
      () => true,
      () => false,
    )
    if (isDone) return
  }
  for (const { part, statement } of batch) {
    await lane.query(statement).catch((error: unknown) => {
      throw structureError(error, part)
    })
  }
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
