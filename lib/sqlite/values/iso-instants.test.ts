import { expect, it } from 'vitest'
import { areIsoInstants } from './iso-instants'

const good = '2024-02-29T23:59:59.999+00:00'
const isOne = (text: string) => areIsoInstants(Buffer.from(text, 'latin1'), 1)

it('takes what Prisma writes, end to end', () => {
  expect(areIsoInstants(Buffer.from(good + good), 2)).toBe(true)
  expect(areIsoInstants(null, 0)).toBe(true)
  for (const text of ['0001-01-01T00:00:00.000+00:00', '9999-12-31T23:59:59.999+00:00', '2000-02-29T00:00:00.000+00:00'])
    expect(isOne(text)).toBe(true)
})

it('refuses whatever is one character off, in any place', () => {
  for (let at = 0; at < good.length; at += 1) {
    for (const character of ['x', ' ', '/', ':', '\0', '-']) {
      if (good[at] !== character) expect(isOne(good.slice(0, at) + character + good.slice(at + 1)), `${character} at ${at}`).toBe(false)
    }
  }
})

it.each([
  '2023-02-29T00:00:00.000+00:00',
  '1900-02-29T00:00:00.000+00:00',
  '2024-04-31T00:00:00.000+00:00',
  '2024-00-10T00:00:00.000+00:00',
  '2024-13-10T00:00:00.000+00:00',
  '2024-01-00T00:00:00.000+00:00',
  '2024-01-01T24:00:00.000+00:00',
  '2024-01-01T23:60:00.000+00:00',
  '2024-01-01T23:59:60.000+00:00',
  '0000-01-01T00:00:00.000+00:00',
  '2024-01-01T00:00:00.000+02:00',
  '2024-01-01T00:00:00.000-00:00',
])('refuses %s', (text) => expect(isOne(text)).toBe(false))

it('refuses a wrong number', () => {
  expect(areIsoInstants(Buffer.from(good), 2)).toBe(false)
  expect(areIsoInstants(null, 1)).toBe(false)
})
