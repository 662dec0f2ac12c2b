import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerCopyFunctions } from './copy-functions'
import { floatText } from './float-text'

/*
 * The proof of floatText is arithmetic (see there); this holds it against the SQLite that is built in, whose printf() may change.
 * FLOAT_TEXT_BATCHES=1000 tries some fifty million doubles; 8 are the suite's.
 */

const batchRows = 50_000
const batches = Number(process.env.FLOAT_TEXT_BATCHES ?? 8)

let db: Database.Database
let values: Float64Array
beforeAll(() => {
  db = new Database(':memory:')
  registerCopyFunctions(db)
  values = new Float64Array(batchRows)
  db.function('value_at', (index) => values[Number(index)] ?? 0)
})
afterAll(() => {
  db.close()
})

/** Those of the values that JavaScript reads otherwise from their text; PostgreSQL reads as exactly. */
function misread(): readonly string[] {
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${values.length - 1})`
  const texts = `SELECT group_concat(${floatText('v')}, ' ') FROM (SELECT value_at(i) AS v FROM n)`
  const joined = String(db.prepare(`${numbers} ${texts}`).pluck().get())
  return joined.split(' ').flatMap((text, index) => (Object.is(Number(text), values[index]) ? [] : [`${values[index]} as ${text}`]))
}

it('doubles of every exponent keep each bit', () => {
  const bits = new Uint32Array(batchRows * 2)
  const random = (below: number) => Math.floor(Math.random() * below)
  for (let batch = 0; batch < batches; batch += 1) {
    for (let at = 0; at < bits.length; at += 2) {
      bits[at] = random(2 ** 32)
      // Any sign, any exponent but that of infinity; every other batch within what printf() writes.
      bits[at + 1] = random(2 ** 20) + (batch % 2 === 0 ? random(0x7ff) : 757 + random(329)) * 2 ** 20 + random(2) * 2 ** 31
    }
    values = new Float64Array(bits.buffer)
    expect(misread()).toEqual([])
  }
})

it('powers of two and ten, their neighbours, decimals, quotients and the ends of the range keep each bit', () => {
  const powers = [
    ...Array.from({ length: 2098 }, (_, index) => 2 ** (index - 1074)),
    ...Array.from({ length: 632 }, (_, index) => Number(`1e${index - 323}`)),
    ...[9, 9.2, 9.3, 1, 9.223372036854775].flatMap((digits) =>
      [-81, -80, -79, 17, 18, 19].map((exponent) => Number(`${digits}e${exponent}`)),
    ),
  ]
  const decimals = Array.from({ length: 20_000 }, (_, index) => [index / 100, index / 1e6, index / 7, index * 1.1, 1e15 + index / 8]).flat()
  const ends = [0, -0, Number.MAX_VALUE, Number.MIN_VALUE, 2.2250738585072014e-308, 2 ** 53 - 1, 2 ** 53 + 2, 0.1 + 0.2]
  const all = [...powers.flatMap((value) => [neighbour(value, -1), value, neighbour(value, 1)]), ...decimals, ...ends]
  values = Float64Array.from(all.flatMap((value) => [value, -value]))
  expect(misread()).toEqual([])
})

function neighbour(value: number, step: number): number {
  const one = new Float64Array([value])
  const bits = new BigInt64Array(one.buffer)
  bits[0] = (bits[0] ?? 0n) + BigInt(step)
  return one[0] ?? 0
}

it('infinity is a word that PostgreSQL knows', () => {
  values = new Float64Array([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
  expect(misread()).toEqual([])
})
