import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '@/tests/support/property-seed'
import { convertJson } from './convert-text'
import { createJsonScan } from './json-scan'

function scan(text: string, binary: boolean, pieceBytes: number): string | null {
  const json = createJsonScan(binary)
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += pieceBytes) json.take(bytes.subarray(from, from + pieceBytes))
  return json.end()
}

function whole(text: string, binary: boolean): string | null {
  return convertJson(text, binary, null).issue
}

/** Parts of JSON in any order: now and then a valid text, and every kind of fault. */
const fragments = [
  ...'{}[]:,"\\/ \n\t0123456789+-.eEutfn',
  ...['true', 'false', 'null', '"a"', '"é😀"', '"\\u0000"', '"\\\\u0000"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\ud83d\\n"'],
  ...[
    '\\u00e9',
    '\\ud800',
    '\\udc00',
    '1e131071',
    '1e131072',
    '1e-16383',
    '1.5E-16383',
    '-1e131072',
    '0.1',
    '-0',
    '01',
    '1.',
    '.5',
    '\u0000',
    '\ufeff',
  ],
]

describe('a JSON text looked at in pieces', () => {
  it('is judged as it is whole, wherever it is cut', () => {
    const value = fc.json({ maxDepth: 3 })
    const broken = fc.array(fc.oneof(fc.constantFrom(...fragments), value), { maxLength: 8 }).map((parts) => parts.join(''))
    const wrapped = fc
      .tuple(fc.constantFrom(...fragments), fc.boolean())
      .map(([part, isArray]) => (isArray ? `[${part}]` : `{"k":${part}}`))
    fc.assert(
      fc.property(fc.oneof(value, broken, wrapped), fc.boolean(), fc.integer({ min: 1, max: 9 }), (text, binary, pieceBytes) => {
        // A lone half in the text itself is no UTF-8, which is looked at before.
        fc.pre(Buffer.from(text).toString() === text)
        expect(scan(text, binary, pieceBytes)).toBe(whole(text, binary))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    `${'['.repeat(1000)}${']'.repeat(1000)}`,
    `${'['.repeat(1001)}${']'.repeat(1001)}`,
    `[${'1'.repeat(131_072)}]`,
    `-${'1'.repeat(131_071)}`,
    `-${'1'.repeat(131_072)}`,
    `0.${'1'.repeat(16_383)}`,
    `0.${'1'.repeat(16_384)}`,
    `{"a":[1e99999999999999999999]}`,
    `"${'\\\\'.repeat(9)}\\u0000"`,
  ])('at the bounds: %.20s', (text) => {
    for (const binary of [true, false]) expect(scan(text, binary, 4096)).toBe(whole(text, binary))
  })

  /** What PostgreSQL refuses: `invalid memory alloc request size`, `total size of jsonb array elements exceeds the maximum`. */
  it.each([
    ['items', '1,', 2 ** 24 - 1, null],
    ['items', '1,', 2 ** 24, 'JSON_TOO_LARGE'],
    ['bytes', `${'['.repeat(20)}${']'.repeat(20)},`, 1_700_000, 'JSON_TOO_LARGE'],
    ['bytes', `${'['.repeat(20)}${']'.repeat(20)},`, 1_300_000, null],
  ])('as many %s as jsonb has room for, and no more', (_, item, times, expected) => {
    const json = createJsonScan(true)
    json.take(Buffer.from('['))
    const many = Buffer.from(item.repeat(10_000))
    for (let left = times; left > 0; left -= 10_000) json.take(left >= 10_000 ? many : Buffer.from(item.repeat(left)))
    json.take(Buffer.from('null]'))
    expect(json.end()).toBe(expected)
  })
})
