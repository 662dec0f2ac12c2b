import { expect, it } from 'vitest'
import type { ReportComparison } from '@/lib/verification/report-comparison'
import { judgeComparison } from './comparison-verdict'

const side = (content: 'identical' | 'different', differencesTotal: number) => ({ sourceRows: 5, targetRows: 5, content, differencesTotal })
const compared = (part: Partial<ReportComparison>): ReportComparison => ({
  status: { before: 'failed', after: 'failed' },
  tables: [],
  unchangedTables: 0,
  newFindings: [],
  goneFindings: [],
  versions: [],
  ...part,
})
const broke = { table: 'User', before: side('identical', 0), after: side('different', 3) }
const mended = { table: 'Note', before: side('different', 2), after: side('identical', 0) }
const grown = { table: 'Log', before: side('different', 2), after: side('different', 4) }

it('says what the later report means beside the earlier one', () => {
  expect(judgeComparison(compared({}))).toMatchObject({ kind: 'same' })
  expect(judgeComparison(compared({ tables: [broke] }))).toMatchObject({ kind: 'worse', tables: 1, mended: 0 })
  expect(judgeComparison(compared({ tables: [grown] }))).toMatchObject({ kind: 'worse', tables: 0 })
  expect(judgeComparison(compared({ tables: [mended] }))).toMatchObject({ kind: 'better', mended: 1 })
  expect(judgeComparison(compared({ tables: [broke, mended] }))).toMatchObject({ kind: 'other' })
  expect(judgeComparison(compared({ tables: [broke], status: { before: 'succeeded', after: 'failed' } })).kind).toBe('broken')
  expect(judgeComparison(compared({ tables: [mended], status: { before: 'failed', after: 'succeeded' } })).kind).toBe('fixed')
})
