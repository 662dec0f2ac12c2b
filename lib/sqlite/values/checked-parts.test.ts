import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TableMapping } from '@/lib/core/table-mapping'
import { mappingOf } from '@/tests/fidelity/round-trip'
import { checkSlices } from './check-values'
import { type CheckedPart, checkRanges, joinParts } from './checked-parts'
import type { RowRange } from './row-range'

let db: Database.Database
beforeAll(() => {
  db = new Database(':memory:')
})
afterAll(() => {
  db.close()
})

const columns = {
  id: { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } },
  word: { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } },
  number: { declared: 'INTEGER', value: { kind: 'integer', bits: 32 } },
} as const

function fill(rowids: readonly bigint[], values: string): TableMapping {
  db.exec('DROP TABLE IF EXISTS page; CREATE TABLE page (id INTEGER PRIMARY KEY, word, number)')
  const insert = db.prepare(`INSERT OR IGNORE INTO page SELECT :id, ${values}`)
  db.transaction(() => {
    for (const rowid of rowids) insert.run({ id: rowid })
  })()
  return { ...mappingOf('page', columns, ['id']), rowidColumn: 'id' }
}

function look(mapping: TableMapping, range: RowRange, uniqueKeys: readonly (readonly string[])[] = []): CheckedPart {
  const steps = checkSlices(db, mapping, { range, sliceRows: 40, uniqueKeys })
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

const dense = Array.from({ length: 1000 }, (_, index) => BigInt(index + 1))

it('a table is cut into parts that follow each other, small ones and empty ones are not', () => {
  const mapping = fill(dense, `'w', 1`)
  expect(checkRanges(db, mapping)).toEqual([{}])
  expect(checkRanges(db, mapping, 250)).toEqual([{ upTo: [334n] }, { after: [334n], upTo: [667n] }, { after: [667n] }])
  expect(checkRanges(db, mapping, 10)).toHaveLength(16)
  expect(checkRanges(db, fill([], `'w', 1`), 10)).toEqual([{}])
  expect(checkRanges(db, { ...mapping, withoutRowid: true }, 10)).toEqual([{}])
})

it('what is found in parts is what is found in one: counts, first shape, first ten rows, equal keys', () => {
  // Faults in the middle and at the end, NUL and bytes that are no text, numbers that are none.
  const mapping = fill(
    dense,
    `CASE WHEN :id % 170 = 0 THEN 'a' || char(0) WHEN :id % 191 = 0 THEN CAST(x'ff41' AS TEXT) ELSE 'w' || :id / 2 END, iif(:id > 800, 'none', :id)`,
  )
  const keys = [['word']]
  const whole = joinParts(mapping, [look(mapping, {}, keys)])
  const parts = checkRanges(db, mapping, 90).map((range, index) => look(mapping, range, index === 0 ? keys : []))
  expect(parts.length).toBeGreaterThan(5)
  expect(joinParts(mapping, parts)).toEqual(whole)
  expect(whole.findings.map(({ code, count }) => `${code} ${count}`)).toEqual(
    expect.arrayContaining(['NUL_IN_TEXT 5', 'INVALID_UTF8 5', 'INT_UNREADABLE 200']),
  )
})

it('what is vouched for in parts: what every part vouches for, with what is special in any of them', () => {
  const mapping = fill(
    dense,
    `CASE :id WHEN 100 THEN 'a' || char(9) WHEN 900 THEN 'a' || char(10) ELSE 'w' END, iif(:id = 500, 'none', :id)`,
  )
  const parts = checkRanges(db, mapping, 90).map((range) => look(mapping, range))
  const { evidence } = joinParts(mapping, parts)
  expect(evidence?.rows).toBe(1000)
  expect(evidence?.columns.map(({ name }) => name)).toEqual(['id', 'word'])
  expect([...(evidence?.columns[1]?.specials ?? '')].sort()).toEqual(['\t', '\n'])
  expect(joinParts(mapping, [...parts, { tallies: [], duplicates: [], evidence: null }]).evidence).toBeNull()
})

it('every row is in one part, wherever the rowids are', () => {
  const rowid = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -300n, max: 300n }))
  fc.assert(
    fc.property(fc.uniqueArray(rowid, { maxLength: 60 }), fc.integer({ min: 1, max: 100 }), (rowids, partRows) => {
      const mapping = fill(rowids, `'w', 1`)
      const parts = checkRanges(db, mapping, partRows).map((range) => look(mapping, range))
      expect(joinParts(mapping, parts).evidence?.rows).toBe(rowids.length)
    }),
    { numRuns: 60 },
  )
})
