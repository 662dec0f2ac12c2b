import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectWorded } from '@/tests/support/worded-findings'
import { openPair, type Pair, sendValue, type TestColumn } from './round-trip'

let pair: Pair
beforeAll(async () => {
  pair = await openPair()
  await pair.postgres.query("SET TIME ZONE 'UTC'")
})
afterAll(() => pair.close())

const dateTime: TestColumn = { declared: 'DATETIME', value: { kind: 'timestamp', precision: 3, withTimeZone: false } }
const fine: TestColumn = { declared: 'DATETIME', value: { kind: 'timestamp', precision: 6, withTimeZone: false } }
const zoned: TestColumn = { declared: 'DATETIME', value: { kind: 'timestamp', precision: 3, withTimeZone: true } }
const int: TestColumn = { declared: 'INTEGER', value: { kind: 'integer', bits: 32 } }
const bigInt: TestColumn = { declared: 'BIGINT', value: { kind: 'integer', bits: 64 } }
const float: TestColumn = { declared: 'REAL', value: { kind: 'float', bits: 64 } }
const boolean: TestColumn = { declared: 'BOOLEAN', value: { kind: 'boolean' } }
const decimal: TestColumn = { declared: 'DECIMAL', value: { kind: 'decimal', precision: 65, scale: 30 } }
const money: TestColumn = { declared: 'DECIMAL', value: { kind: 'decimal', precision: 10, scale: 2 } }
const text: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } }
const bytes: TestColumn = { declared: 'BLOB', value: { kind: 'bytes' } }
const json: TestColumn = { declared: 'JSONB', value: { kind: 'json', binary: true } }
const uuid: TestColumn = { declared: 'TEXT', value: { kind: 'uuid' } }
const role: TestColumn = { declared: 'TEXT', value: { kind: 'enum', typeName: 'Role', labels: ['USER', 'ad\\min', "o'wner"] } }

async function arrives(
  column: TestColumn,
  raw: Parameters<typeof sendValue>[2],
  expected: string | null,
  ...codes: string[]
): Promise<void> {
  const outcome = await sendValue(pair, column, raw)
  expect(outcome.findings.map((finding) => finding.code)).toEqual(codes)
  expectWorded(outcome.findings)
  expect(outcome).toMatchObject({ status: 'copied', text: expected })
}

async function isRefused(column: TestColumn, raw: Parameters<typeof sendValue>[2], code: string): Promise<void> {
  const outcome = await sendValue(pair, column, raw)
  expect(outcome.status).toBe('refused')
  expect(outcome.findings.map((finding) => finding.code)).toEqual([code])
  expectWorded(outcome.findings)
  const [finding] = outcome.findings
  expect(finding).toMatchObject({ severity: 'blocks', table: 'one_value', column: 'v', key: { rowid: '1' }, count: 1 })
  expect(finding?.hint).not.toBe('')
}

describe('dates', () => {
  it('1: integer milliseconds are that instant', async () => {
    await arrives(dateTime, 1709287200123n, '2024-03-01 10:00:00.123')
    await arrives(dateTime, -62135596800000n, '0001-01-01 00:00:00')
    await arrives(dateTime, 253402300799999n, '9999-12-31 23:59:59.999')
  })
  it('3: text without an offset is UTC', () => arrives(dateTime, '2024-03-01 10:00:00', '2024-03-01 10:00:00'))
  it('4: an offset is applied', async () => {
    await arrives(dateTime, '2024-03-01T10:00:00.000+02:00', '2024-03-01 08:00:00')
    await arrives(zoned, '2024-03-01T10:00:00.000+02:00', '2024-03-01 08:00:00+00')
  })
  it('5: finer digits are cut, not rounded', async () => {
    await arrives(dateTime, '2024-03-01 10:00:00.1239', '2024-03-01 10:00:00.123', 'DATE_DIGITS_DROPPED')
    await arrives(dateTime, '2024-03-01T10:00:00.9996Z', '2024-03-01 10:00:00.999', 'DATE_DIGITS_DROPPED')
  })
  it('5: six digits arrive where the column holds six, and further ones are cut', async () => {
    await arrives(fine, '2024-03-01 10:00:00.123456', '2024-03-01 10:00:00.123456')
    await arrives(fine, '1969-12-31T23:59:59.9999+01:00', '1969-12-31 22:59:59.9999')
    await arrives(fine, '2024-03-01 10:00:00.000000', '2024-03-01 10:00:00')
    await arrives(fine, '2024-03-01T10:00:00.1234567Z', '2024-03-01 10:00:00.123456', 'DATE_DIGITS_DROPPED')
    await arrives(
      { ...fine, value: { kind: 'timestamp', precision: 6, withTimeZone: true } },
      '2024-03-01 10:00:00.000001-02:00',
      '2024-03-01 12:00:00.000001+00',
    )
  })
  it('6: a space before the offset', () => arrives(dateTime, '1900-01-01 00:00:00 +00:00', '1900-01-01 00:00:00', 'DATE_SPACED_OFFSET'))
  it('6: a time without seconds', async () => {
    await arrives(dateTime, '2024-03-01 10:20', '2024-03-01 10:20:00', 'DATE_WITHOUT_SECONDS')
    await arrives(dateTime, '2024-03-01T10:20Z', '2024-03-01 10:20:00', 'DATE_WITHOUT_SECONDS')
    await arrives(zoned, '2024-03-01 10:20 +0530', '2024-03-01 04:50:00+00', 'DATE_WITHOUT_SECONDS')
  })
  it('7: date only and time only', async () => {
    await arrives(dateTime, '2024-03-01', '2024-03-01 00:00:00')
    await arrives(dateTime, '10:20:30', '1970-01-01 10:20:30')
  })
  it('8: seconds are warned about', () => arrives(dateTime, 1709287200n, '1970-01-20 18:48:07.2', 'DATE_LOOKS_LIKE_SECONDS'))
  it('9: real milliseconds, and Julian days', async () => {
    await arrives(dateTime, 1709287200123, '2024-03-01 10:00:00.123')
    await arrives(dateTime, 1709287200123.7, '2024-03-01 10:00:00.123', 'DATE_DIGITS_DROPPED')
    await isRefused(dateTime, 2460370.9166, 'DATE_JULIAN_DAY')
  })
  it('10: what is no date is refused', async () => {
    for (const value of ['', '0000-00-00', 'yesterday', '2024-13-01T00:00:00.000Z']) await isRefused(dateTime, value, 'DATE_UNPARSABLE')
    await isRefused(dateTime, '+012024-01-01T00:00:00.000Z', 'DATE_OUT_OF_RANGE')
    await isRefused(dateTime, '0000-01-01T00:00:00.000Z', 'DATE_OUT_OF_RANGE')
    await isRefused(dateTime, Buffer.from('2024-03-01'), 'DATE_UNPARSABLE')
  })
  it('11: a year stored as a number is warned about', () => arrives(dateTime, '2024', '1970-01-01 00:00:02.024', 'DATE_LOOKS_LIKE_YEAR'))
})

describe('numbers', () => {
  it('13, 14: booleans', async () => {
    await arrives(boolean, 2n, 'false', 'BOOLEAN_NOT_0_OR_1')
    await arrives(boolean, 1n, 'true')
    await arrives(boolean, 'TRUE', 'true')
    await arrives(boolean, 1.5, 'false', 'BOOLEAN_NOT_0_OR_1')
    await arrives({ declared: 'INTEGER', value: { kind: 'boolean', cutsFractions: true } }, 1.5, 'true', 'BOOLEAN_NOT_0_OR_1')
    await isRefused(boolean, 'yes', 'BOOLEAN_UNKNOWN')
  })
  it('15–19: integers', async () => {
    await isRefused(int, 2147483648n, 'INT_OUT_OF_RANGE')
    await arrives(int, -2147483648n, '-2147483648')
    await arrives(int, 1.5, '1', 'INT_TRUNCATED')
    await isRefused(int, 'abc', 'INT_UNREADABLE')
    await arrives(bigInt, 9007199254740993n, '9007199254740993')
    await isRefused(bigInt, { sql: '9223372036854775808' }, 'INT_OUT_OF_RANGE')
  })
  it('20–22: floats', async () => {
    for (const value of [123456.789, 1e300, 5e-324, 0.1 + 0.2]) await arrives(float, value, String(value))
    await arrives(float, { sql: '9e999' }, 'Infinity')
    await arrives(float, { sql: '-9e999' }, '-Infinity')
  })
  it('24–26: decimals', async () => {
    await arrives(decimal, 0.1 + 0.2, '0.300000000000000040000000000000')
    await isRefused(money, 1.005, 'DECIMAL_WOULD_ROUND')
    await isRefused(money, 123456789n, 'DECIMAL_OUT_OF_RANGE')
    await arrives(money, '1.10', '1.10')
  })
})

describe('text, bytes, JSON', () => {
  it('27, 28: NUL and invalid UTF-8 are refused', async () => {
    await isRefused(text, 'a\0b', 'NUL_IN_TEXT')
    await isRefused(text, { sql: "CAST(x'ff41' AS TEXT)" }, 'INVALID_UTF8')
    await isRefused(text, { sql: "CAST(x'eda080' AS TEXT)" }, 'INVALID_UTF8')
  })
  it('29–31: BLOB as text, text as BLOB', async () => {
    await arrives(text, Buffer.from('é\t\\'), 'é\t\\', 'TEXT_FROM_BLOB')
    await arrives(bytes, 'é', '\\xc3a9', 'BYTES_FROM_TEXT')
    await arrives(bytes, Buffer.alloc(0), '\\x')
    await arrives(bytes, Buffer.from('\\x41'), '\\x5c783431')
  })
  it('32–35: JSON', async () => {
    await arrives(json, 123n, '123')
    await arrives(json, '0.10', '0.1')
    await arrives(json, '12345678901234567890', '12345678901234567000')
    await arrives(json, 'null', 'null')
    await arrives(json, null, null)
    await isRefused(json, '{"a":"\\u0000"}', 'JSON_NUL')
    await arrives(json, '{"a":"\\\\u0000"}', '{"a": "\\\\u0000"}')
    await isRefused(json, '["\\ud83d"]', 'JSON_LONE_SURROGATE')
    await arrives(json, { sql: 'jsonb(\'{"a":[1,"\\t"]}\')' }, '{"a": [1, "\\t"]}', 'JSON_FROM_BINARY')
    await isRefused(json, '{a:1}', 'JSON_INVALID')
  })
  it('37, 38: enum and uuid', async () => {
    await arrives(role, 'ad\\min', 'ad\\min')
    await isRefused(role, 'user', 'ENUM_UNKNOWN')
    await arrives(uuid, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'UUID_REWRITTEN')
  })
  it('39: awkward text', async () => {
    for (const value of ['007', '\\.', '\\N', '\\', 'a\tb\nc\rd\\n', '"\'', '😀', '\uFEFF', '\u2028', '\u200F', 'e\u0301', '', '\uFFFD']) {
      await arrives(text, value, value)
    }
  })
})
