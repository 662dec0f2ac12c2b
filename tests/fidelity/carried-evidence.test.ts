import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { CarriedEvidence } from '@/lib/sqlite/values/carried-evidence'
import { checkSlices } from '@/lib/sqlite/values/check-values'
import { checkRanges, joinParts } from '@/lib/sqlite/values/checked-parts'
import { registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { readCopyPages } from '@/lib/sqlite/values/copy-pages'
import { oddValues } from './odd-values'
import { mappingOf, type TestColumn } from './round-trip'

/*
 * What the check has seen spares the copy its own evidence (carried-evidence.ts). Both ways must give the same bytes, whatever the
 * values are and wherever they stand; plain-pages.test.ts holds pages with their own evidence against the single value.
 */

let db: Database.Database
beforeAll(() => {
  db = new Database(':memory:')
  registerCopyFunctions(db)
})
afterAll(() => {
  db.close()
})

/** Looked at in parts, as several threads do. */
function evidenceOf(mapping: TableMapping, sliceRows: number): CarriedEvidence | null {
  const parts = checkRanges(db, mapping, Math.floor(rows / 3)).map((range) => lastOf(checkSlices(db, mapping, { sliceRows, range })))
  return joinParts(mapping, parts).evidence
}

function lastOf<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The whole table as COPY data; a refusal counts as an answer. */
function read(mapping: TableMapping, carried: CarriedEvidence | null): string {
  try {
    const pages = [...readCopyPages(db, mapping, carried === null ? {} : { carried: carried.columns })]
    return Buffer.concat(pages.map(({ data }) => data)).toString('latin1')
  } catch (error) {
    return `refused: ${String(error)}`
  }
}

const ids: TestColumn = { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } }
const rows = 700

function fill(columns: Readonly<Record<string, TestColumn>>, ordinary: readonly string[]): TableMapping {
  const declared = Object.entries(columns).map(([name, column]) => `${name} ${column.declared}`)
  db.exec(`DROP TABLE IF EXISTS page; CREATE TABLE page (id INTEGER PRIMARY KEY, ${declared.join(',')});
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${rows}) INSERT INTO page SELECT i, ${ordinary.join(',')} FROM n`)
  return { ...mappingOf('page', { id: ids, ...columns }, ['id']), rowidColumn: 'id' }
}

const declaredOf = (name: string) => (name === 'NOTYPE' ? '' : name)
/** Kinds that are joined as they are. */
const plainKinds = Object.keys(oddValues).filter((name) => name !== 'BLOB')

it.each(plainKinds)('%s: what the check has seen of a column is right wherever an odd value stands', (name) => {
  const kind = oddValues[name]
  if (kind === undefined) throw new Error(name)
  for (const [index, odd] of kind.odd.entries()) {
    const mapping = fill({ v: { declared: declaredOf(name), value: kind.value } }, [kind.ordinary])
    // In the last slice too, in its last row.
    db.exec(`UPDATE page SET v = ${odd} WHERE id = ${[rows, 1, 350][index % 3]}`)
    const evidence = evidenceOf(mapping, 90)
    expect(evidence?.rows).toBe(rows)
    expect(read(mapping, evidence), `${name} ${odd}`).toBe(read(mapping, null))
  }
})

it.each(plainKinds)('%s: a column of ordinary values is carried, until the last row has another', (name) => {
  const kind = oddValues[name]
  if (kind === undefined) throw new Error(name)
  const mapping = fill({ v: { declared: declaredOf(name), value: kind.value } }, [kind.ordinary])
  const carriedNames = () => evidenceOf(mapping, 90)?.columns.map((column) => column.name)
  expect(carriedNames()).toEqual(['id', 'v'])
  db.exec(`UPDATE page SET v = x'C3A9' WHERE id = ${rows}`)
  expect(carriedNames()).toEqual(['id'])
})

it('special characters are known by column, from the slice on in which they come', () => {
  const text: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } }
  const mapping = fill({ a: text, b: text, c: text }, ["'a' || i", "'b' || i", "'c' || i"])
  db.exec(
    `UPDATE page SET b = 'x' || char(10) || 'y' WHERE id = 200; UPDATE page SET b = b || '\\' WHERE id = ${rows}; UPDATE page SET c = char(9) WHERE id = ${rows}`,
  )
  const evidence = evidenceOf(mapping, 90)
  const specials = Object.fromEntries(evidence?.columns.map((column) => [column.name, [...column.specials].sort().join('')]) ?? [])
  expect(specials).toMatchObject({ id: '', a: '' })
  expect(specials.b).toContain('\n')
  expect(specials.b).toContain('\\')
  expect(specials.c).toContain('\t')
  expect(read(mapping, evidence)).toBe(read(mapping, null))
})

it('nothing is carried from a column to one of another type, nor for texts that were not searched', () => {
  const mapping = fill({ v: { declared: 'DATETIME', value: { kind: 'text', maxLength: null, padded: false } } }, [
    `'2024-03-01T10:00:00.000+02:00'`,
  ])
  const asDate = {
    ...mapping,
    columns: mapping.columns.map((column) =>
      column.name === 'v' ? { ...column, value: oddValues.DATETIME?.value ?? column.value } : column,
    ),
  }
  expect(read(asDate, evidenceOf(mapping, 90))).toContain('2024-03-01 08:00:00.000')
  expect(evidenceOf({ ...mapping, withoutRowid: true }, 90)).toBeNull()
})

it.each(["''", "iif(i % 3, '', NULL)", 'NULL'])('a table of one column, all %s, has a line for each row', (value) => {
  db.exec(`DROP TABLE IF EXISTS page; CREATE TABLE page (v TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${rows}) INSERT INTO page SELECT ${value} FROM n`)
  const mapping = mappingOf('page', { v: { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } } })
  const lines = db.prepare(`SELECT group_concat(ifnull(v, '\\N') || char(10), '') FROM page`).pluck().get()
  expect(read(mapping, evidenceOf(mapping, 90))).toBe(lines)
  expect(read(mapping, null)).toBe(lines)
})

it('any table: carried evidence and evidence by the page give the same bytes', () => {
  const column = fc.constantFrom(...Object.keys(oddValues)).chain((name) =>
    fc.record({
      name: fc.constant(name),
      odd: fc.array(
        fc.tuple(fc.nat({ max: (oddValues[name]?.odd.length ?? 1) - 1 }), fc.oneof(fc.integer({ min: 1, max: rows }), fc.constant(rows))),
        { maxLength: 3 },
      ),
    }),
  )
  fc.assert(
    fc.property(fc.array(column, { minLength: 1, maxLength: 6 }), fc.integer({ min: 16, max: 900 }), (columns, sliceRows) => {
      const kinds = columns.flatMap(({ name }) => oddValues[name] ?? [])
      const named = Object.fromEntries(
        kinds.map(({ value }, index) => [`v${index}`, { declared: declaredOf(columns[index]?.name ?? ''), value }]),
      )
      const mapping = fill(
        named,
        kinds.map(({ ordinary }) => ordinary),
      )
      for (const [index, { odd }] of columns.entries()) {
        for (const [which, id] of odd) db.exec(`UPDATE page SET v${index} = ${kinds[index]?.odd[which]} WHERE id = ${id}`)
      }
      expect(read(mapping, evidenceOf(mapping, sliceRows))).toBe(read(mapping, null))
    }),
    { numRuns: Number(process.env.FIDELITY_RUNS ?? 25) },
  )
})
