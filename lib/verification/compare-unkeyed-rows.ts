import type { TableMapping } from '@/lib/core/table-mapping'
import { sourceValue } from './canonical-value'
import { advanceRow, Breather, type ComparedRows, DifferenceList, type RowComparison } from './comparison'
import { DigestSum } from './digest-sum'
import { digestOf } from './repair-digests'
import type { TargetRow } from './target-rows'

/** Digests held at once while looking for the rows that differ: some 100 MB at most. */
const mostDigests = 400_000

/**
 * Compares a table without primary key as a multiset: every row as often on one side as on the other, in any order.
 * First the sums of all rows' digests: equal sums of 128 bits are equal rows. Only where they differ are the rows
 * read again, in as many passes as constant memory needs, to find which they are.
 * Their "key" is where they are stored: `rowid` in the source, `ctid` in the target.
 *
 * @param open starts both streams anew; each row is followed by its place
 */
export async function compareUnkeyedRows(open: () => Promise<ComparedRows>, mapping: TableMapping): Promise<RowComparison> {
  const source = new DigestSum()
  const target = new DigestSum()
  const first = await open()
  await readDigests(first, mapping, (digest, _row, sign) => (sign > 0 ? source : target).add(digest))
  const rows = { sourceRows: source.rows, targetRows: target.rows }
  const differences = new DifferenceList(first.explain, first.budget)
  if (source.equals(target)) return { ...rows, ...differences.finish() }

  const passes = Math.ceil(Math.max(source.rows, target.rows) / mostDigests)
  for (let pass = 0; pass < passes; pass++) {
    const surplus = new Map<string, { count: number; places: string[] }>()
    await readDigests(await open(), mapping, (digest, place, sign) => {
      if (digest.readUInt32BE(0) % passes !== pass) return
      const name = digest.toString('latin1')
      const entry = surplus.get(name) ?? { count: 0, places: [] }
      const isNearer = entry.count * sign < 0
      entry.count += sign
      if (isNearer) entry.places.pop()
      else entry.places.push(place())
      if (entry.count === 0) surplus.delete(name)
      else surplus.set(name, entry)
    })
    for (const [name, { count, places }] of surplus) {
      for (const place of places) {
        differences.add(
          () =>
            count > 0
              ? { key: { rowid: place }, column: null, kind: 'missing-in-target' }
              : { key: { ctid: place }, column: null, kind: 'missing-in-source' },
          () => Buffer.from(name, 'latin1'),
        )
      }
    }
  }
  return { ...rows, ...differences.finish() }
}

type Take = (digest: Buffer, place: () => string, sign: 1 | -1) => void

/** Reads both sides in turns, a row each, so that rows in the same order cancel out at once. */
async function readDigests(
  { source, target, reading, advance, signal }: ComparedRows,
  { columns }: TableMapping,
  take: Take,
): Promise<void> {
  const breather = new Breather(signal)
  const last = columns.length
  let rows = 0
  let hasSource = await advanceRow(source)
  let hasTarget = await advanceRow(target)
  while (hasSource || hasTarget) {
    if (hasSource) {
      take(
        digestOf(
          columns.map(({ value }, column) => reading.source(source.row, column, value)),
          'source',
        ),
        () => String(sourceValue(source.row, last)),
        1,
      )
      rows++
      hasSource = source.next() === 'row' || (await advanceRow(source))
    }
    if (hasTarget) {
      take(
        digestOf(
          columns.map(({ value }, column) => reading.target(target.row, column, value)),
          'target',
        ),
        () => placeOf(target.row, last),
        -1,
      )
      hasTarget = target.next() === 'row' || (await advanceRow(target))
    }
    if (breather.isDue()) {
      advance(rows, 0)
      await breather.rest()
    }
  }
  advance(rows, 0)
}

function placeOf(row: TargetRow, column: number): string {
  const start = row.starts[column] ?? 0
  return row.bytes.toString('latin1', start, start + (row.lengths[column] ?? 0))
}
