import { describe, expect, it } from 'vitest'
import { createFormatters } from './formatters'

const en = createFormatters('en')
const fr = createFormatters('fr')
/** Intl writes several kinds of spaces; which one is its business. */
const plain = (text: string) => text.replace(/\s/g, ' ')

describe('figures in the reader’s language', () => {
  it('writes numbers, sizes and durations', () => {
    expect([en.number(1_234_567), plain(fr.number(1_234_567))]).toEqual(['1,234,567', '1 234 567'])
    expect([plain(en.bytes(98_123_456)), plain(fr.bytes(98_123_456))]).toEqual(['98.1 MB', '98,1 Mo'])
    expect(plain(en.bytes(0))).toBe('0 byte')
    expect([340, 4_230, 42_000, 133_000, 3_905_000].map((ms) => plain(en.duration(ms)))).toEqual([
      '340ms',
      '4.2s',
      '42s',
      '2m 13s',
      '1h 5m',
    ])
    expect(plain(fr.duration(133_000))).toBe('2 min 13 s')
  })

  it('never says 100 % before the end nor 0 % after the beginning', () => {
    expect([0, 0.0001, 0.5, 0.9999, 1].map((share) => en.percent(share))).toEqual(['0%', '1%', '50%', '99%', '100%'])
  })

  it('tells how long ago', () => {
    const now = Date.parse('2024-05-01T10:00:00Z')
    expect(en.relative('2024-05-01T09:57:10Z', now)).toBe('2 minutes ago')
    expect(fr.relative('2024-04-30T10:00:00Z', now)).toBe('hier')
    expect(en.relative('2024-05-01T10:00:00Z', now)).toBe('now')
  })
})
