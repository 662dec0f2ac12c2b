import { describe, expect, it } from 'vitest'
import type { RepairKind } from '@/lib/core/repair-choice'
import type { ValueKind } from '@/lib/core/table-mapping'
import type { RawValue } from '@/lib/sqlite/values/raw-value'
import { readDefault } from './column-default'
import { repairValue } from './repair-value'

function repaired(kind: RepairKind, choice: string, raw: RawValue, value: ValueKind, defaultValue: RawValue = null): RawValue | undefined {
  const column = { name: 'c', value, nullable: true, generated: false, sourceType: '' }
  return repairValue(kind, choice, { raw, bytes: typeof raw === 'string' ? Buffer.from(raw) : null, column, defaultValue })
}

const text: ValueKind = { kind: 'text', maxLength: 3, padded: false }
const jsonb: ValueKind = { kind: 'json', binary: true }
const date: ValueKind = { kind: 'date' }

describe('what a value becomes by a choice', () => {
  it('removes or replaces NUL, and cuts by characters and not by halves of them', () => {
    expect(repaired('nul', 'strip', 'a\0b\0', text)).toBe('ab')
    expect(repaired('nul', 'replace', 'a\0', text)).toBe('a\uFFFD')
    expect(repaired('length', 'truncate', '😀😀😀😀', text)).toBe('😀😀😀')
    expect(repaired('padding', 'pad', '😀', { kind: 'text', maxLength: 3, padded: true })).toBe('😀  ')
  })

  it('reads bytes that are not UTF-8 as Latin-1, or marks them', () => {
    const column = { name: 'c', value: text, nullable: true, generated: false, sourceType: '' }
    const damaged = { raw: 'caf\uFFFD', bytes: Buffer.from([0x63, 0x61, 0x66, 0xe9]), column, defaultValue: null }
    expect(repairValue('utf8', 'latin1', damaged)).toBe('café')
    expect(repairValue('utf8', 'replace', damaged)).toBe('caf\uFFFD')
  })

  it('reads the words that people write for a boolean, and no others', () => {
    expect(['yes', ' ON ', 'T', 'no', 'f'].map((word) => repaired('booleans', 'words', word, { kind: 'boolean' }))).toEqual([
      1n,
      1n,
      1n,
      0n,
      0n,
    ])
    expect(repaired('booleans', 'words', 'maybe', { kind: 'boolean' })).toBeUndefined()
    expect(repaired('booleans', 'false', 'maybe', { kind: 'boolean' })).toBe(0n)
  })

  it('rounds half away from zero, digit by digit', () => {
    const kind: ValueKind = { kind: 'decimal', precision: 12, scale: 2 }
    const round = (raw: RawValue) => repaired('rounding', 'round', raw, kind)
    expect([1.005, '1.005', '-2.675', '0.004', 5e-7, '12345678901.999', '-0.001'].map(round)).toEqual([
      '1.01',
      '1.01',
      '-2.68',
      '0',
      '0',
      '12345678902.00',
      '0',
    ])
    expect(repaired('rounding', 'round', '2.5', { kind: 'decimal', precision: 4, scale: 0 })).toBe('3')
    expect(repaired('rounding', 'round', 0.1234567891, { kind: 'float', bits: 32 })).toBe(0.12345679)
  })

  it('reads a Julian day as its instant, and cuts what a date type does not keep', () => {
    expect(repaired('julian', 'convert', 2440587.5, { kind: 'timestamp', precision: 3, withTimeZone: false })).toBe(
      '1970-01-01T00:00:00.000+00:00',
    )
    expect(repaired('dates-precision', 'cut', '2024-03-01 23:59:59', date)).toBe('2024-03-01T00:00:00.000+00:00')
    expect(repaired('dates-precision', 'cut', -1n, date)).toBe('1969-12-31T00:00:00.000+00:00')
    expect(repaired('dates-precision', 'cut', '2024-03-01T10:20:30.999Z', { kind: 'time', precision: 0 })).toBe(
      '1970-01-01T10:20:30.000+00:00',
    )
    expect(repaired('dates-precision', 'cut', '2024-03-01T10:20:30.999Z', { kind: 'timestamp', precision: 1, withTimeZone: true })).toBe(
      '2024-03-01T10:20:30.900+00:00',
    )
  })

  it('takes from JSON the escapes that jsonb cannot hold, and nothing else', () => {
    const json = String.raw`{"a":"x\u0000y","b":"\ud83d\ude00","c":"\ud83dz","d":"\\u0000","e":"\ude00"}`
    expect(repaired('json', 'strip', json, jsonb)).toBe(String.raw`{"a":"xy","b":"\ud83d\ude00","c":"z","d":"\\u0000","e":""}`)
    expect(repaired('json', 'replace', json, jsonb)).toBe(
      String.raw`{"a":"x\ufffdy","b":"\ud83d\ude00","c":"\ufffdz","d":"\\u0000","e":"\ufffd"}`,
    )
    expect(repaired('json', 'string', 'not json\0', jsonb)).toBe('"not json\uFFFD"')
  })
})

describe('a default that is a constant', () => {
  it.each([
    ["'it''s'", "it's"],
    ['"draft"', 'draft'],
    ['(7)', 7n],
    ['-1.5', -1.5],
    ['TRUE', 1n],
  ])('%s', (sql, value) => expect(readDefault(sql)).toBe(value))

  it.each([null, 'NULL', 'CURRENT_TIMESTAMP', "(strftime('%s','now'))", '(random())'])('%s is none', (sql) =>
    expect(readDefault(sql)).toBeNull(),
  )
})
