import { canonicalSource, canonicalTarget, sourceValue } from './canonical-value'
import { advanceRow, Breather, type ComparedRows, DifferenceList, type RowComparison } from './comparison'
import { printKeyValue } from './print-key'
import { digestOf } from './repair-digests'
import { compareKeyValues, type KeyPart } from './row-order'

/**
 * Compares two streams that come in the order of the primary key, as a merge: constant memory, each row read once.
 * Rows whose keys differ are missing on one side; rows of one key are compared column by column.
 */
export async function compareKeyedRows(
  { mapping, source, target, reading, advance, signal, explain, budget }: ComparedRows,
  key: readonly KeyPart[],
): Promise<RowComparison> {
  const differences = new DifferenceList(explain, budget)
  const breather = new Breather(signal)
  const { columns } = mapping
  const isKey = columns.map((_, column) => key.some((part) => part.column === column))
  const differing: number[] = []
  let sourceRows = 0
  let targetRows = 0
  let bytes = 0

  const nextSource = async () => {
    let step = source.next()
    while (step === 'wait') {
      await source.load()
      bytes += source.loadedBytes
      step = source.next()
    }
    if (step === 'row') sourceRows++
    return step === 'row'
  }
  const nextTarget = async () => {
    const isThere = await advanceRow(target)
    if (isThere) targetRows++
    return isThere
  }
  const missingInTarget = () => differences.add(() => ({ key: printSourceKey(), column: null, kind: 'missing-in-target' }))
  const missingInSource = () => differences.add(() => ({ key: printTargetKey(), column: null, kind: 'missing-in-source' }))
  const sourceKey = (part: KeyPart) => canonicalSource(sourceValue(source.row, part.column), part.value)
  const targetKey = (part: KeyPart) => canonicalTarget(target.row, part.column, part.value)
  const printSourceKey = () => Object.fromEntries(key.map((part) => [part.name, printKeyValue(sourceKey(part), part)]))
  const printTargetKey = () => Object.fromEntries(key.map((part) => [part.name, printKeyValue(targetKey(part), part)]))
  const digestTargetValue = (column: number) => {
    const definition = columns[column]
    const value = definition ? canonicalTarget(target.row, column, definition.value) : null
    return value === null ? null : digestOf([value], 'target')
  }
  const compareKeys = () => {
    for (const part of key) {
      const order = compareKeyValues(sourceKey(part), targetKey(part), part)
      if (order !== 0) return order
    }
    return 0
  }

  let hasSource = await nextSource()
  let hasTarget = await nextTarget()
  while (hasSource && hasTarget) {
    differing.length = 0
    let isOtherRow = false
    for (let column = 0; column < columns.length; column++) {
      const definition = columns[column]
      if (!definition || reading.isEqual(source.row, target.row, column, definition.value)) continue
      differing.push(column)
      if (isKey[column]) isOtherRow = true
    }
    const order = isOtherRow ? compareKeys() : 0
    if (order < 0) missingInTarget()
    else if (order > 0) missingInSource()
    else {
      for (const column of differing) {
        differences.add(
          () => ({ key: printSourceKey(), column: columns[column]?.name ?? null, kind: 'value-differs' }),
          () => digestTargetValue(column),
        )
      }
    }
    if (breather.isDue()) {
      advance(sourceRows, bytes)
      bytes = 0
      await breather.rest()
    }
    // The promise is only made where a chunk has to be waited for: one a row would double the time.
    if (order <= 0) {
      if (source.next() === 'row') sourceRows++
      else hasSource = await nextSource()
    }
    if (order >= 0) {
      if (target.next() === 'row') targetRows++
      else hasTarget = await nextTarget()
    }
  }
  while (hasSource) {
    missingInTarget()
    if (breather.isDue()) await breather.rest()
    hasSource = await nextSource()
  }
  while (hasTarget) {
    missingInSource()
    if (breather.isDue()) await breather.rest()
    hasTarget = await nextTarget()
  }
  advance(sourceRows, bytes)
  return { sourceRows, targetRows, ...differences.finish() }
}

/** A key's value as a report names it. */
