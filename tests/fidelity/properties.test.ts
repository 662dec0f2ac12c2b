import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTable } from '@/lib/sqlite/values/check-values'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import type { ValueCode } from '@/lib/sqlite/values/value-codes'
import { type StoredValue, storedValues } from './arbitrary-values'
import { type FieldReader, fieldMapping, type PrismaField, postgresReader, prismaFields, type Reading, sqliteReader } from './prisma-fields'
import { copyTable, createTarget, openPair, type Pair } from './round-trip'

let pair: Pair
let before: FieldReader
let after: FieldReader
beforeAll(async () => {
  pair = await openPair()
  before = sqliteReader(pair)
  after = postgresReader(pair)
})
afterAll(async () => {
  await before.close()
  await after.close()
  await pair.close()
})

/** Codes under which a value arrives although Prisma cannot read it from SQLite; docs/fidelity.md names each. */
const beyondPrisma: ReadonlySet<string> = new Set<ValueCode>([
  'TEXT_FROM_BLOB',
  'TEXT_FROM_NUMBER',
  'BYTES_FROM_TEXT',
  'DATE_SPACED_OFFSET',
  'DATE_WITHOUT_SECONDS',
  'JSON_FROM_BINARY',
  'INT_TRUNCATED',
])

describe('any value in a column of any type is refused, or read by Prisma from PostgreSQL as from SQLite', () => {
  for (const [name, field] of Object.entries(prismaFields)) {
    for (const declared of [field.declared, '']) {
      it(`${name}${declared === '' ? ' without a declared type' : ''}`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(storedValues, { minLength: 15, maxLength: 40 }), (values) => oneOutcome(field, declared, values)),
          { numRuns: Number(process.env.FIDELITY_RUNS ?? 4) },
        )
      })
    }
  }
})

async function oneOutcome(field: PrismaField, declared: string, values: readonly StoredValue[]): Promise<void> {
  const mapping = fieldMapping(field, declared)
  const idOf = (index: number) => (mapping.rowidColumn === null ? `row ${index}` : index)
  fillTable(field, declared, values, idOf)
  const remarks = removeRefused(mapping)
  await createTarget(pair.postgres, mapping)
  await copyTable(pair, mapping)
  const count = await pair.postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM "${field.table}"`)
  const kept = pair.sqlite.prepare(`SELECT id FROM "${field.table}"`).pluck().all() as (string | number)[]
  expect(count.rows[0]?.n).toBe(kept.length)
  // Without a declared type the adapter guesses one from the first row, so there each row is read alone.
  const allBefore = declared === '' ? null : await before.readAll(field)
  const allAfter = await after.readAll(field)
  for (const id of kept) {
    const was = allBefore?.get(String(id)) ?? (await before.read(field, id))
    const is = allAfter?.get(String(id)) ?? (await after.read(field, id))
    const codes = remarks.get(String(id)) ?? []
    const stored = describeStored(field, id)
    if (was.status === 'read')
      expect(is, `${stored}: ${show(was)} became ${show(is)}`).toSatisfy((reading: Reading) => isSame(was, reading))
    // A BLOB in a column without a declared type is unreadable to Prisma's adapter whatever its field; it arrives as bytes.
    else if (!(declared === '' && stored.startsWith('blob')))
      expect(
        codes.some((code) => beyondPrisma.has(code)),
        `${stored}: unreadable, yet copied`,
      ).toBe(true)
    expect(is.status, `${stored} is unreadable on PostgreSQL`).toBe('read')
  }
}

function fillTable(field: PrismaField, declared: string, values: readonly StoredValue[], idOf: (index: number) => string | number): void {
  const idType = typeof idOf(0) === 'string' ? 'TEXT' : 'INTEGER'
  pair.sqlite.exec(
    `DROP TABLE IF EXISTS "${field.table}"; CREATE TABLE "${field.table}" (id ${idType} PRIMARY KEY, "${field.column}" ${declared})`,
  )
  for (const [index, value] of values.entries()) {
    if ('sql' in value) pair.sqlite.prepare(`INSERT INTO "${field.table}" VALUES (?, ${value.sql})`).run(idOf(index))
    else pair.sqlite.prepare(`INSERT INTO "${field.table}" VALUES (?, ?)`).run(idOf(index), value.bind)
  }
}

/** Deletes the rows that the check blocks, by the keys it names, until it blocks none; answers the remarks on the others. */
function removeRefused(mapping: ReturnType<typeof fieldMapping>): Map<string, string[]> {
  for (;;) {
    const findings = checkTable(pair.sqlite, mapping, { sliceRows: 7 })
    const blocking = findings.filter((finding) => finding.severity === 'blocks')
    if (blocking.length === 0) {
      const remarks = new Map<string, string[]>()
      for (const { code, sampleKeys, count } of findings) {
        // At most ten keys are named; where there are more, any row may be among them.
        const keys =
          count > 10
            ? (pair.sqlite.prepare(`SELECT id FROM "${mapping.table}"`).pluck().all() as unknown[])
            : sampleKeys.map((key) => key.id)
        for (const key of keys) remarks.set(String(key), [...(remarks.get(String(key)) ?? []), code])
      }
      return remarks
    }
    for (const key of blocking.flatMap((finding) => finding.sampleKeys)) {
      expect(pair.sqlite.prepare(`DELETE FROM "${mapping.table}" WHERE id = ?`).run(key.id).changes).toBeLessThanOrEqual(1)
    }
  }
}

function describeStored(field: PrismaField, id: string | number): string {
  return String(
    pair.sqlite.prepare(`SELECT typeof("${field.column}")||' '||quote("${field.column}") FROM "${field.table}" WHERE id=?`).pluck().get(id),
  )
}

function isSame(was: Reading, is: Reading): boolean {
  return was.status === 'read' && is.status === 'read' && isDeepStrictEqual(comparable(was.value), comparable(is.value))
}

/** Decimals compare as numbers; jsonb has no negative zero; bytes come as Buffer from one adapter and Uint8Array from the other. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number') return value + 0
  if (value !== null && typeof value === 'object' && 'toFixed' in value) return String(value)
  if (Array.isArray(value)) return value.map(comparable)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, comparable(part)]))
  return value
}

function show(reading: Reading): string {
  const value: unknown = reading.status === 'read' ? comparable(reading.value) : reading.status
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value as RawValue)
}
