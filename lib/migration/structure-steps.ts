import { isLatePart, partKey, restoring, restoringKey, type StructurePart, validating } from '@/lib/postgres/structure'
import { isSmall } from './server-lanes'

/** One statement of the work, and what it does to its table meanwhile. */
export interface StructureStep {
  readonly table: string
  readonly part: StructurePart
  readonly statement: string
  /** Whether other indexes of the table can be built beside it. */
  readonly isShared: boolean
}

export interface StructureSteps {
  /** Indexes of keys, and indexes that nothing is built beside: at once, as `waitsFor` allows. */
  readonly early: readonly StructureStep[]
  /** Keys of indexes that stand, references that do not look yet, triggers: one after the other, each at once done. */
  readonly instant: readonly StructureStep[]
  /** The looks at the references, and the other indexes: at once, as `waitsFor` allows. */
  readonly last: readonly StructureStep[]
}

/**
 * The statements that put parts back, without what stands already.
 *
 * @param built what stands, as `readBuilt` answers
 * @param rowsOf rows of each table; what belongs to small ones goes together with others
 */
export function planSteps(
  schema: string,
  parts: readonly StructurePart[],
  built: ReadonlyMap<string, boolean>,
  rowsOf: ReadonlyMap<string, number>,
): StructureSteps {
  const isSmallTable = ({ table }: StructurePart) => isSmall(rowsOf.get(table) ?? 0)
  const missing = parts.filter((part) => !built.has(partKey(part)))
  const step = (part: StructurePart, statement: string, isShared = false): StructureStep => ({
    table: part.table,
    part,
    statement,
    isShared,
  })
  const indexes = missing.filter((part) => part.kind === 'index').map((part) => step(part, restoring(schema, part), true))
  const isBeside = buildsBeside(rowsOf)
  const keyIndexes: StructureStep[] = []
  const whole: StructureStep[] = []
  const instant: StructureStep[] = []
  for (const part of missing.filter(({ kind }) => kind === 'primary' || kind === 'unique' || kind === 'exclusion')) {
    const statements = isSmallTable(part) ? null : restoringKey(schema, part)
    if (statements === null) {
      whole.push(step(part, restoring(schema, part)))
      continue
    }
    // A run that was killed between the two left the index.
    if (!built.has(partKey({ ...part, kind: 'index' }))) keyIndexes.push(step(part, statements.index, true))
    instant.push(step(part, statements.key))
  }
  const unseen = parts.filter((part) => part.kind === 'foreign' && built.get(partKey(part)) !== true)
  return {
    early: [...keyIndexes, ...whole, ...indexes.filter(({ part }) => !isBeside(part))],
    instant: [...instant, ...missing.filter(isLatePart).map((part) => step(part, restoring(schema, part)))],
    last: [...indexes.filter(({ part }) => isBeside(part)), ...unseen.map((part) => step(part, validating(schema, part)))],
  }
}

/**
 * Whether the server would let one batch wait for another that runs. Indexes of one table are built at once; whatever else is done to
 * a table keeps these out, and the like of itself: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export function waitsFor(batch: readonly StructureStep[], running: readonly StructureStep[]): boolean {
  return batch.some((step) => running.some((other) => step.table === other.table && !(step.isShared && other.isShared)))
}

/**
 * Which indexes are built beside the look at the references: the largest table's references take one connection for as long as the
 * largest of all indexes, and the others would wait. Not that table's own, whose lock keeps such a look out; not those that a
 * reference needs; and not those of small tables, of which several go in one transaction that could wait for another's.
 */
function buildsBeside(rowsOf: ReadonlyMap<string, number>): (part: StructurePart) => boolean {
  const [largest] = [...rowsOf].reduce<readonly [string | null, number]>((most, one) => (one[1] > most[1] ? one : most), [null, -1])
  return ({ table, definition }) => !definition.startsWith('CREATE UNIQUE') && table !== largest && !isSmall(rowsOf.get(table) ?? 0)
}
