import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { convertFloat, convertInteger } from '@/lib/sqlite/values/convert-number'
import { printTimestamp, readDateNumber, readDateText } from './canonical-date'
import { canonicalDecimal } from './canonical-decimal'
import { canonicalJson } from './canonical-json'
import { canonicalSource, unreadable } from './canonical-value'
import { isSurelyEqualJson } from './equal-json'
import { doubleAsInteger, doubleBits, readDouble } from './source-row'

describe('decimals', () => {
  it.each([
    ['1.10', '1.1'],
    ['1.1e0', '1.1'],
    ['+01.1', '1.1'],
    ['-0', '0'],
    ['-0.00', '0'],
    ['0.30000000000000004', '0.30000000000000004'],
    ['1e21', '1000000000000000000000'],
    ['5e-7', '0.0000005'],
    ['-12.50e1', '-125'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['100', '100'],
  ])('%s is %s', (text, canonical) => expect(canonicalDecimal(text)).toBe(canonical))

  it.each(['', '.', 'abc', '1,5', '0x10', 'Infinity', 'NaN', '1e999999'])('%s is none', (text) => expect(canonicalDecimal(text)).toBeNull())

  it('keeps every double as the number that it prints', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value) => Number(canonicalDecimal(String(value))) === value || Object.is(value, -0),
      ),
    )
  })
})

describe('texts in columns of numbers', () => {
  const int = { kind: 'integer', bits: 32 } as const
  const bigInt = { kind: 'integer', bits: 64 } as const
  const float = { kind: 'float', bits: 64 } as const

  it.each([
    ['', '0', '0', 0],
    ['  ', '0', '0', 0],
    ['\t\n', '0', '0', 0],
    ['+5', '5', '5', 5],
    [' -6 ', '-6', '-6', -6],
    ['007', '7', '7', 7],
    ['-0', '0', '0', -0],
    ['0x10', '16', '16', 16],
    ['1e2', '100', unreadable, 100],
    ['1.5', '1', unreadable, 1.5],
    ['9007199254740993', '9007199254740992', '9007199254740993', 9007199254740992],
    ['Infinity', unreadable, unreadable, Number.POSITIVE_INFINITY],
    ['nan', unreadable, unreadable, Number.NaN],
    ['abc', unreadable, unreadable, null],
    ['5 6', unreadable, unreadable, null],
  ])('%j is what Prisma reads', (text, asInt, asBigInt, asFloat) => {
    expect(canonicalSource(text, int)).toBe(asInt)
    expect(canonicalSource(text, bigInt)).toBe(asBigInt)
    expect(canonicalSource(text, float)).toBe(asFloat === null ? unreadable : doubleBits(asFloat))
  })

  it('are read as the copy has sent them, whatever they are', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^\s*[-+]?[0-9a-fA-FxXnN._]{0,6}\s*$/),
      fc.integer().map(String),
      fc.double().map(String),
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const kind of [int, bigInt]) {
          const sent = convertInteger(text, kind.bits)
          if (sent.status === 'converted') expect(canonicalSource(text, kind)).toBe(sent.text)
          else if (sent.issue === 'INT_UNREADABLE') expect(canonicalSource(text, kind)).toBe(unreadable)
        }
        const sent = convertFloat(text, 64)
        expect(canonicalSource(text, float)).toBe(sent.status === 'converted' ? doubleBits(Number(sent.text)) : unreadable)
      }),
    )
  })
})

describe('JSON by meaning', () => {
  const isEqual = (one: string, other: string) => canonicalJson(one) !== null && canonicalJson(one) === canonicalJson(other)

  it.each([
    ['{"b":1,"a":2}', '{"a": 2, "b": 1}'],
    ['[1.0, 1e2, 0.10]', '[1,100,0.1]'],
    ['{"a":1,"a":2}', '{"a": 2}'],
    ['"\\u0041\\/"', '"A/"'],
    ['{"n":12345678901234567890.10,"s":"x\\"y","l":[]}', '{"l": [], "n": 12345678901234567890.1, "s": "x\\"y"}'],
    [' {"deep" : {"é": [null, true, false, {}]}, "num":1e400} ', '{"num": 1e400, "deep": {"é": [null,true,false,{}]}}'],
  ])('%s equals %s', (one, other) => expect(isEqual(one, other)).toBe(true))

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['"1"', '1'],
    ['null', '"null"'],
    ['[1,2]', '[2,1]'],
    ['{"a":1}', '{"A":1}'],
    ['0.1', '0.10000000000000001'],
    ['[12]', '[1,2]'],
  ])('%s differs from %s', (one, other) => {
    expect(isEqual(one, other)).toBe(false)
    const [left, right] = [Buffer.from(one), Buffer.from(other)]
    expect(isSurelyEqualJson(left, 0, left.length, right, 0, right.length)).toBe(false)
  })

  it.each(['', 'abc', '{"a":}', '[1 2]', "{'a':1}"])('%s is none', (text) => expect(canonicalJson(text)).toBeNull())

  it('never takes a text that is no JSON for one that is', () => {
    const [left, right] = [Buffer.from('[1 2]'), Buffer.from('[12]')]
    expect(isSurelyEqualJson(left, 0, left.length, right, 0, right.length)).toBe(false)
  })

  it('agrees with itself whatever the order of keys and spaces', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const spaced = JSON.stringify(reversed(JSON.parse(text)), null, 2)
        const [left, right] = [Buffer.from(text), Buffer.from(spaced)]
        return (
          isEqual(text, spaced) &&
          (isSurelyEqualJson(left, 0, left.length, right, 0, right.length) || /[\d.][eE]|[\d.]{16}/.test(text + spaced))
        )
      }),
    )
  })

  function reversed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(reversed)
    if (value === null || typeof value !== 'object') return value
    const copy = {}
    for (const [key, member] of Object.entries(value).reverse())
      Object.defineProperty(copy, key, { value: reversed(member), enumerable: true, configurable: true, writable: true })
    return copy
  }
})

describe('dates', () => {
  it.each([
    ['2024-03-01T10:00:00.123+00:00', '2024-03-01 10:00:00.123'],
    ['2024-03-01 10:00:00', '2024-03-01 10:00:00'],
    ['2024-03-01T10:00:00+02:00', '2024-03-01 08:00:00'],
    ['2024-03-01T10:00:00+02', '2024-03-01 08:00:00'],
    ['2024-03-01T10:00:00.1239Z', '2024-03-01 10:00:00.123'],
    ['2024-03-01T10:00:00.9996Z', '2024-03-01 10:00:00.999'],
    ['1900-01-01 00:00:00 +00:00', '1900-01-01 00:00:00'],
    ['2024-02-29', '2024-02-29 00:00:00'],
    ['10:11:12', '1970-01-01 10:11:12'],
    ['0001-01-01T00:00:00.000Z', '0001-01-01 00:00:00'],
    ['-000043-03-15T00:00:00.000Z', '0044-03-15 00:00:00 BC'],
    ['+010000-01-01T00:00:00.000Z', '10000-01-01 00:00:00'],
  ])('%s is %s', (text, printed) => {
    const date = readDateText(text)
    expect(date && printTimestamp(date)).toBe(printed)
  })

  it.each(['', '0000-00-00', 'yesterday', '2024-13-01T00:00:00Z'])('%s is none', (text) => expect(readDateText(text)).toBeNull())

  it('knows the ends of what a date can be', () => {
    expect(readDateNumber(8.64e15)).not.toBeNull()
    expect(readDateNumber(8.64e15 + 1)).toBeNull()
  })
})

it('keeps every bit of a double', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const digits = Buffer.from(String(doubleAsInteger(value)))
      return Object.is(readDouble(digits, 0, digits.length), value)
    }),
  )
})
