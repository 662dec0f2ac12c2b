import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTable } from '@/lib/sqlite/values/check-values'
import { convertValue } from '@/lib/sqlite/values/convert-value'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { type StoredValue, storedValues } from './arbitrary-values'
import { copyTable, createTarget, mappingOf, openPair, type Pair, sendValue, type TestColumn } from './round-trip'

let pair: Pair
beforeAll(async () => {
  pair = await openPair()
})
afterAll(() => pair.close())

/** Types that Prisma's SQLite schema has no name for, reached through `@db.` attributes of a PostgreSQL schema. */
const columns: Record<string, TestColumn> = {
  smallint: { declared: 'INTEGER', value: { kind: 'integer', bits: 16 } },
  real: { declared: 'REAL', value: { kind: 'float', bits: 32 } },
  numeric: { declared: 'DECIMAL', value: { kind: 'decimal', precision: null, scale: null } },
  'numeric(10,2)': { declared: 'DECIMAL', value: { kind: 'decimal', precision: 10, scale: 2 } },
  'numeric(20,20)': { declared: '', value: { kind: 'decimal', precision: 20, scale: 20 } },
  'numeric(5,0)': { declared: '', value: { kind: 'decimal', precision: 5, scale: 0 } },
  'varchar(8)': { declared: 'TEXT', value: { kind: 'text', maxLength: 8, padded: false } },
  'char(8)': { declared: '', value: { kind: 'text', maxLength: 8, padded: true } },
  json: { declared: '', value: { kind: 'json', binary: false } },
  'timestamptz(3)': { declared: 'DATETIME', value: { kind: 'timestamp', precision: 3, withTimeZone: true } },
  'timestamp(6)': { declared: 'DATETIME', value: { kind: 'timestamp', precision: 6, withTimeZone: false } },
  'timestamp(0)': { declared: 'DATETIME', value: { kind: 'timestamp', precision: 0, withTimeZone: false } },
  date: { declared: 'DATETIME', value: { kind: 'date' } },
  'time(3)': { declared: 'DATETIME', value: { kind: 'time', precision: 3 } },
  uuid: { declared: 'TEXT', value: { kind: 'uuid' } },
}

describe('any value in a column of a native type is refused, or arrives as converted', () => {
  for (const [name, column] of Object.entries(columns)) {
    it(name, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(storedValues, { minLength: 20, maxLength: 60 }), (values) => arriveOrRefused(column, values)),
        { numRuns: Number(process.env.FIDELITY_RUNS ?? 4) },
      )
    })
  }
})

async function arriveOrRefused(column: TestColumn, values: readonly StoredValue[]): Promise<void> {
  const mapping = mappingOf('native', { v: column })
  pair.sqlite.exec(`DROP TABLE IF EXISTS native; CREATE TABLE native (v ${column.declared})`)
  for (const value of values) {
    if ('sql' in value) pair.sqlite.exec(`INSERT INTO native VALUES (${value.sql})`)
    else pair.sqlite.prepare('INSERT INTO native VALUES (?)').run(value.bind)
  }
  for (;;) {
    const blocking = checkTable(pair.sqlite, mapping).filter((finding) => finding.severity === 'blocks')
    if (blocking.length === 0) break
    for (const key of blocking.flatMap((finding) => finding.sampleKeys))
      pair.sqlite.prepare('DELETE FROM native WHERE rowid = ?').run(key.rowid)
  }
  await createTarget(pair.postgres, mapping)
  await copyTable(pair, mapping)
  const kept = pair.sqlite
    .prepare("SELECT v, CASE WHEN typeof(v)='blob' AND json_valid(v,8) THEN json(v) END FROM native")
    .raw()
    .safeIntegers()
    .all() as [RawValue, string | null][]
  // PostgreSQL reads the text of each conversion by itself; the copied rows must be the same multiset.
  const expected = kept.map(([raw, binaryJson]) => {
    if (raw === null) return null
    const conversion = convertValue(raw, { value: column.value, sourceType: column.declared }, binaryJson)
    expect(conversion.status).toBe('converted')
    return conversion.status === 'converted' ? conversion.text : null
  })
  const type = (
    await pair.postgres.query(
      "SELECT format_type(atttypid, atttypmod) AS t FROM pg_attribute WHERE attrelid = 'native'::regclass AND attname = 'v'",
    )
  ).rows[0].t
  const sql = `SELECT v::text AS v FROM native ORDER BY v::text COLLATE "C"`
  const expectedSql = `SELECT (x::${type})::text AS v FROM unnest($1::text[]) AS x ORDER BY (x::${type})::text COLLATE "C"`
  const copied = (await pair.postgres.query<{ v: string | null }>(sql)).rows.map((row) => row.v)
  expect(copied).toEqual((await pair.postgres.query<{ v: string | null }>(expectedSql, [expected])).rows.map((row) => row.v))
}

describe('native types', () => {
  it('12: timestamptz is the same instant whatever the time zone of the session', async () => {
    const zoned = columns['timestamptz(3)'] as TestColumn
    await pair.postgres.query("SET TIME ZONE 'Asia/Kolkata'")
    for (const value of [
      '2024-03-01T10:00:00.123+00:00',
      '2024-03-01T10:00:00.123Z',
      '2024-03-01 10:00:00.123',
      '2024-03-01 15:30:00.123+05:30',
      1709287200123n,
    ]) {
      expect(await sendValue(pair, zoned, value)).toMatchObject({ status: 'copied', text: '2024-03-01 15:30:00.123+05:30' })
    }
    await pair.postgres.query("SET TIME ZONE 'UTC'")
  })

  it('a part that the type would drop is refused', async () => {
    const codes = async (name: string, value: RawValue) =>
      (await sendValue(pair, columns[name] as TestColumn, value)).findings.map((finding) => finding.code)
    expect(await codes('date', '2024-03-01T10:00:00.000Z')).toEqual(['DATE_WOULD_ROUND'])
    expect(await codes('date', '2024-03-01')).toEqual([])
    expect(await codes('time(3)', '2024-03-01T10:00:00.000Z')).toEqual(['DATE_WOULD_ROUND'])
    expect(await codes('time(3)', '10:00:00.5')).toEqual([])
    expect(await codes('timestamp(0)', '2024-03-01T10:00:00.500Z')).toEqual(['DATE_WOULD_ROUND'])
    expect(await codes('real', 0.1)).toEqual([])
    expect(await codes('real', 0.1 + 0.2)).toEqual(['FLOAT_WOULD_ROUND'])
    expect(await codes('varchar(8)', '123456789')).toEqual(['TEXT_TOO_LONG'])
    expect(await codes('char(8)', '1234567')).toEqual(['TEXT_WOULD_BE_PADDED'])
    expect(await codes('smallint', 40000n)).toEqual(['INT_OUT_OF_RANGE'])
    expect(await codes('json', '"\\u0000"')).toEqual([])
  })
})
