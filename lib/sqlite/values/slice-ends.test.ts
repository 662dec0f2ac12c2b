import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { mappingOf } from '@/tests/fidelity/round-trip'
import { checkSlices } from './check-values'

const id = { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } } as const

/** Rows that the check has seen in each slice. */
function slicesOf(rowids: string, sliceRows: number): readonly number[] {
  const db = new Database(':memory:')
  try {
    db.exec(`CREATE TABLE page (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO page ${rowids}`)
    const mapping = { ...mappingOf('page', { id, v: id }, ['id']), rowidColumn: 'id' }
    const done = [...checkSlices(db, mapping, { sliceRows })]
    return done.map((rows, index) => rows - (done[index - 1] ?? 0))
  } finally {
    db.close()
  }
}

const numbers = (count: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`

it.each([
  ['without gaps', `${numbers(1000)} SELECT i, i FROM n`],
  ['with every other one missing', `${numbers(1000)} SELECT i * 2, i FROM n`],
  ['far apart', `${numbers(1000)} SELECT i * 1000003, i FROM n`],
  [
    'in two heaps at the ends of all numbers',
    `${numbers(1000)} SELECT iif(i <= 500, i - 9223372036854775807, 9223372036854775307 + (i - 500)), i FROM n`,
  ],
  ['in a heap after scattered ones', `${numbers(1000)} SELECT iif(i < 200, i * 50000, 10000000 + i), i FROM n`],
  ['negative', `${numbers(1000)} SELECT -i, i FROM n`],
])('rowids %s: every row is in one slice, and no slice has more than asked for', (_, rowids) => {
  const slices = slicesOf(rowids, 64)
  expect(slices.reduce((sum, rows) => sum + rows, 0)).toBe(1000)
  expect(Math.max(...slices)).toBeLessThanOrEqual(64)
  // Gaps are not walked through number by number.
  expect(slices.length).toBeLessThan(60)
})
