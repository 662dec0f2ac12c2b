import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '@/tests/support/property-seed'
import { createTextScan } from './long-text'

function scan(pieces: readonly Buffer[]): string | null {
  const text = createTextScan()
  for (const piece of pieces) text.take(piece)
  return text.end()
}

describe('a long text looked at in pieces', () => {
  it('is judged as it is whole, wherever it is cut', () => {
    const bytes = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array)),
    )
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), fc.array(fc.nat(48), { maxLength: 6 }), (parts, cuts) => {
        const whole = Buffer.concat(parts)
        const bounds = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort((a, b) => a - b)
        const pieces = bounds.slice(1).map((end, index) => whole.subarray(bounds[index], end))
        const isValid = Buffer.from(whole.toString('utf8')).equals(whole)
        expect(scan(pieces)).toBe(isValid ? (whole.includes(0) ? 'NUL_IN_TEXT' : null) : 'INVALID_UTF8')
      }),
      { numRuns: 2000 },
    )
  })

  it('a character that is never finished is none', () => {
    expect(scan([Buffer.from('abc'), Buffer.from([0xf0]), Buffer.from([0x9f])])).toBe('INVALID_UTF8')
    expect(scan([Buffer.from('abc'), Buffer.from([0xf0]), Buffer.from([0x9f, 0x98]), Buffer.from([0x80])])).toBe(null)
  })
})
