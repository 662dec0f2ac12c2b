import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '@/tests/support/property-seed'
import { createUtf16Decoder, utf8OfUtf16 } from './utf16'

function stored(text: string, isBigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return isBigEndian ? bytes.swap16() : bytes
}

describe('a text of UTF-16 in pieces', () => {
  it('becomes the same UTF-8 wherever it is cut; half of a pair becomes a byte that is none', () => {
    const unit = fc.constantFrom('a', 'é', '\uFFFD', '😀', '\u{10FFFF}', '\ud800', '\udbff', '\udc00', '\udfff', '\0')
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 9 }), fc.boolean(), fc.integer({ min: 1, max: 7 }), (units, isBigEndian, pieceBytes) => {
        const text = units.join('')
        const bytes = stored(text, isBigEndian)
        const decoder = createUtf16Decoder(isBigEndian)
        const pieces: Buffer[] = []
        for (let from = 0; from < bytes.length; from += pieceBytes) pieces.push(decoder.take(bytes.subarray(from, from + pieceBytes)))
        const found = Buffer.concat([...pieces, decoder.end()])
        const expected = Buffer.concat(
          [...text].map((character) => (/\p{Surrogate}/u.test(character) ? Buffer.from([0xff]) : Buffer.from(character))),
        )
        expect(found).toEqual(expected)
        expect(utf8OfUtf16(bytes, isBigEndian)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('an odd byte at the end is none of the text', () => {
    expect(utf8OfUtf16(Buffer.from([0x61, 0, 0x62]), false).toString()).toBe('a')
  })
})
