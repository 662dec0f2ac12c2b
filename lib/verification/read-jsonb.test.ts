import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readJsonb } from './read-jsonb'

const db = new Database(':memory:')
const render = db.prepare<[string], { binary: Buffer }>('SELECT jsonb(value) AS binary FROM (SELECT ? AS value)')

it('reads what SQLite makes of any JSON', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'grapheme' }), (json) => {
      const row = render.get(json)
      expect(JSON.parse(readJsonb(row?.binary ?? Buffer.alloc(0)) ?? '')).toEqual(JSON.parse(json))
    }),
  )
})

it.each([
  [`{a: 'it\\'s', "b": +.5, c: 0x1F, d: -0x10, e: 5., f: "\\u00e9\\x41"}`, { a: "it's", b: 0.5, c: 31, d: -16, e: 5, f: 'éA' }],
  [JSON.stringify(['x'.repeat(20), 'y'.repeat(300), 'z'.repeat(70_000), '\t"\\']), undefined],
])('reads JSON5 and every size of header: %.40s', (json, expected) => {
  const row = render.get(json)
  expect(JSON.parse(readJsonb(row?.binary ?? Buffer.alloc(0)) ?? '')).toEqual(expected ?? JSON.parse(json))
})

it.each([['ff'], ['4b'], ['17'], [''], ['2331']])('the bytes %s are none', (hex) => {
  expect(readJsonb(Buffer.from(hex, 'hex'))).toBeNull()
})
