import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import '@/tests/support/property-seed'
import { canonicalJson } from './canonical-json'
import { createJsonDigest, type JsonMeaning } from './json-digest'

function digest(text: string, pieceBytes = 4096, hasUniqueKeys = false): JsonMeaning {
  const json = createJsonDigest(hasUniqueKeys)
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += pieceBytes) json.take(bytes.subarray(from, from + pieceBytes))
  return json.end()
}

/** Members and items in another order, spaces elsewhere, other spellings: the same meaning, printed otherwise. */
function printedOtherwise(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(printedOtherwise).join(' ,\n')}]`
  if (typeof value === 'string') return `"${Array.from({ length: value.length }, (_, at) => escaped(value.charCodeAt(at), at)).join('')}"`
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.00e0` : String(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).reverse()
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}\t: ${printedOtherwise(member)}`).join(',')} }`
}

function escaped(unit: number, at: number): string {
  return at % 3 === 0 || unit < 0x20 || unit === 34 || unit === 92 || (unit >= 0xd800 && unit < 0xe000)
    ? `\\u${unit.toString(16).padStart(4, '0')}`
    : String.fromCharCode(unit)
}

/** Short texts nearly always, and now and then one that no object holds beside others. */
const texts = fc.oneof(
  { weight: 20, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.integer({ min: 16_300, max: 16_500 }).map((length) => 'é'.repeat(length / 2)) },
  { weight: 1, arbitrary: fc.constantFrom('\\ud800', '😀', '\u0000', '__proto__', '\u007f') },
)
const scalars = [fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), texts, fc.boolean(), fc.constant(null)]
const values = fc.object({ key: texts, values: scalars, maxDepth: 4, maxKeys: 12, withNullPrototype: false })

describe('the digest of a JSON text', () => {
  it('is the same for every spelling of one meaning, wherever the text is cut', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 40 }), (value, pieceBytes) => {
        const text = JSON.stringify(value)
        const canonical = canonicalJson(text) ?? ''
        const one = digest(text, pieceBytes)
        expect(one.status).toBe('read')
        expect(digest(printedOtherwise(JSON.parse(text)))).toEqual(one)
        expect(digest(canonical, 4096, true)).toEqual(one)
      }),
      { numRuns: 400 },
    )
  })

  it('differs where the meaning does, by one byte of the text too', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.constantFrom(...'0123456789aé",:[]{}\\ eE.-'), (value, place, character) => {
        const text = canonicalJson(JSON.stringify(value)) ?? ''
        const at = place % text.length
        const other = text.slice(0, at) + character + text.slice(at + 1)
        // Half of a pair outside of an escape is no UTF-8.
        fc.pre(Buffer.from(other).toString() === other)
        const meaning = digest(other)
        const canonical = canonicalJson(other)
        if (canonical === null) expect(meaning.status).toBe('invalid')
        else if (meaning.status === 'read') expect(meaning.digest === digestOf(text)).toBe(canonical === text)
        else expect(meaning.status).toBe('doubled-keys')
      }),
      { numRuns: 1000 },
    )
  })

  it('is of a text that JSON.parse reads, and of no other', () => {
    const fragments = [
      ...'{}[]:,"\\/ \n\t019+-.eEutfn',
      'true',
      'null',
      '"a"',
      '"\\ud83d\\ude00"',
      '"\\ud83d\\n"',
      '\\u00e9',
      '1e5',
      '-0',
      '01',
      '\ufeff',
      '\u0001',
    ]
    const broken = fc
      .array(fc.oneof(fc.constantFrom(...fragments), fc.json({ maxDepth: 2 })), { maxLength: 8 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(broken, fc.integer({ min: 1, max: 9 }), (text, pieceBytes) => {
        fc.pre(Buffer.from(text).toString() === text)
        expect(digest(text, pieceBytes).status === 'invalid').toBe(canonicalJson(text) === null)
      }),
      { numRuns: 2000 },
    )
  })

  /** Around the size from which on only digests of an object's members are held. */
  const sizes = [1, 2, 400, 500, 600, 10_000]
  it.each(sizes)('knows objects of %d members in any order, and finds the one that differs', (size) => {
    const member = (at: number, value: unknown = { n: at, t: 'x' }) => `"key ${at}":${JSON.stringify(value)}`
    const all = Array.from({ length: size }, (_, at) => member(at))
    const text = `{${all.join()}}`
    const places = [0, size >> 1, size - 1]
    expect(digestOf(`{${[...all].reverse().join()}}`)).toBe(digestOf(text))
    for (const place of places)
      expect(digestOf(`{${all.with(place, member(place, { n: place, t: 'y' })).join()}}`)).not.toBe(digestOf(text))
    expect(digestOf(`{${all.slice(1).join()}}`)).not.toBe(digestOf(text))
    for (const place of places.slice(0, size)) expect(digest(`{${[...all, member(place)].join()}}`).status).toBe('doubled-keys')
    expect(digestOf(`[${text},{"a":${text}}]`)).toBe(digestOf(`[ ${text} , {"a" : {${[...all].reverse().join()}}}]`))
  })

  it('reads keys and texts that are longer than what is held', () => {
    const long = 'é\n'.repeat(40_000)
    const text = `{"b":1,${JSON.stringify(long)}:[${JSON.stringify(long)}],"a":2}`
    expect(digestOf(`{"a":2,"b":1,${JSON.stringify(long)}:[${JSON.stringify(long)}]}`)).toBe(digestOf(text))
    expect(digestOf(`{"a":2,"b":1,${JSON.stringify(`${long}x`)}:[${JSON.stringify(long)}]}`)).not.toBe(digestOf(text))
    expect(digest(`{${JSON.stringify(long)}:1,${JSON.stringify(long)}:1}`).status).toBe('doubled-keys')
  })

  it('compares numbers by their digits, however many', () => {
    expect(digestOf('9007199254740993')).not.toBe(digestOf('9007199254740992'))
    expect(digestOf('[1.10,1e2,-0,1e131071]')).toBe(digestOf(`[1.1, 100, 0, 1${'0'.repeat(131_071)}]`))
  })
})

function digestOf(text: string): string {
  const meaning = digest(text)
  if (meaning.status !== 'read') throw new Error(meaning.status)
  return meaning.digest
}
