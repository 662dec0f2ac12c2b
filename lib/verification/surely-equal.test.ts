import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ValueKind } from '@/lib/core/table-mapping'
import { isSurelyEqualJson } from './equal-json'
import { isEqualValue } from './equal-values'
import { storage } from './source-row'

/* The fast looks may say "surely equal" too seldom, never wrongly. */

function isSurelyEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return isSurelyEqualJson(left, 0, left.length, right, 0, right.length)
}

/** What jsonb makes of a text: the last of equal keys, keys in another order, spaces. */
function asJsonb(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asJsonb).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).sort(([one], [other]) => one.length - other.length || (one < other ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${asJsonb(member)}`).join(', ')}}`
}

describe('JSON', () => {
  it.each([
    ['{"a":1,"a":1}', '{"a": 1, "b": 2}'],
    ['{"a":1,"b":2}', '{"a": 1, "a": 1}'],
    ['{"a":1}', '{"a": 1, "b": 2}'],
    ['{"a":1,"b":2}', '{"a": 1}'],
    ['{"a":{"b":1},"c":2}', '{"a": {"c": 2}, "b": 1}'],
    ['{"a":"1"}', '{"a": 1}'],
    ['{"a":1}', '{"a": 12}'],
    ['{"a":12}', '{"a": 1}'],
    ['{"a":"x"}', '{"a": "x\\""}'],
    ['{"a":[1,[2]]}', '{"a": [1, 2]}'],
    ['[[],{}]', '[{}, []]'],
    ['{"ab":1}', '{"a": 1}'],
    ['{"":1}', '{"a": 1}'],
    ['{}', '[]'],
    ['{"a":true}', '{"a": null}'],
    ['[1', '[1]'],
    ['{"a":1}x', '{"a": 1}'],
    ['', ''],
  ])('%s is not %s', (one, other) => expect(isSurelyEqual(one, other) && one !== '').toBe(false))

  it('an object of any order and depth is found equal, one changed byte is not', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 4, maxKeys: 8, values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)] }),
        fc.nat(),
        (value, place) => {
          const source = JSON.stringify(value)
          const target = asJsonb(JSON.parse(source))
          expect(isSurelyEqual(source, target)).toBe(true)
          const at = place % target.length
          const changed = `${target.slice(0, at)}${target[at] === '7' ? '8' : '7'}${target.slice(at + 1)}`
          let parsed: unknown
          try {
            parsed = JSON.parse(changed)
          } catch {
            return
          }
          if (asJsonb(parsed) !== target) expect(isSurelyEqual(source, changed)).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('integers', () => {
  const kind: ValueKind = { kind: 'integer', bits: 64 }
  function isEqual(one: bigint, other: bigint): boolean {
    const digits = Buffer.from(String(one))
    const source = { bytes: digits, classes: Uint8Array.of(storage.integer), starts: Int32Array.of(0), ends: Int32Array.of(digits.length) }
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(other)
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
    return isEqualValue(source, { bytes, view, starts: Int32Array.of(0), lengths: Int32Array.of(8) }, 0, kind)
  }

  it('of 64 bits are equal to themselves alone', () => {
    const edges = [
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      10n ** 15n,
      -(10n ** 15n),
      999_999_999_999_999n,
      10n ** 18n,
      2n ** 32n,
      0n,
    ]
    const any = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(...edges))
    const distances = fc.constantFrom(1n, -1n, 2n, 1024n, 2n ** 31n, 2n ** 32n, -(2n ** 32n), 2n ** 33n, 10n ** 9n)
    fc.assert(
      fc.property(any, distances, (value, distance) => {
        expect(isEqual(value, value)).toBe(true)
        const other = BigInt.asIntN(64, value + distance)
        expect(isEqual(value, other)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })
})
