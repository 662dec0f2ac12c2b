import { describe, expect, it } from 'vitest'
import type { TableComparison } from '@/lib/verification/verification-result'
import { differenceOf, judge, rowStateOf } from './verdict'

const table = (part: Partial<TableComparison>): TableComparison => ({
  table: 'User',
  sourceRows: 3,
  targetRows: 3,
  content: 'unknown',
  differences: [],
  differencesTotal: 0,
  reason: null,
  ...part,
})

describe('the state of a table', () => {
  it('never calls equal counts identical', () => {
    expect(rowStateOf(table({}))).toBe('equal')
    expect(rowStateOf(table({ content: 'identical' }))).toBe('identical')
  })

  it('is unknown when a side was not counted, and different when anything differs', () => {
    expect(rowStateOf(table({ targetRows: null }))).toBe('unknown')
    expect(rowStateOf(table({ targetRows: null, content: 'identical' }))).toBe('unknown')
    expect(rowStateOf(table({ targetRows: 2 }))).toBe('different')
    expect(rowStateOf(table({ content: 'different' }))).toBe('different')
    expect(rowStateOf(table({ content: 'identical', differencesTotal: 1 }))).toBe('different')
  })

  it('has no rows where a side has no such table, which is not unknown', () => {
    const extra = table({ sourceRows: null, content: 'different', differencesTotal: 4, cause: { code: 'only-target', params: {} } })
    expect([rowStateOf(extra), differenceOf(extra), judge([extra]).isSourceWhole]).toEqual(['different', 3, true])
    const empty = table({ sourceRows: null, targetRows: 0, content: 'identical', cause: { code: 'only-target-and-empty', params: {} } })
    expect(rowStateOf(empty)).toBe('identical')
  })

  it('has no difference in numbers where a side is unknown', () => {
    expect(differenceOf(table({ targetRows: 1 }))).toBe(-2)
    expect(differenceOf(table({ sourceRows: null }))).toBeNull()
  })
})

describe('the verdict over all tables', () => {
  it('is the weightiest state', () => {
    const identical = table({ content: 'identical' })
    expect(judge([identical]).state).toBe('identical')
    expect(judge([identical, table({})]).state).toBe('equal')
    expect(judge([identical, table({}), table({ sourceRows: null })]).state).toBe('unknown')
    expect(judge([identical, table({ sourceRows: null }), table({ targetRows: 2 })]).state).toBe('different')
    expect(judge([]).state).toBe('empty')
  })

  it('says when a sum is only a lower bound', () => {
    expect(judge([table({}), table({ targetRows: null })])).toMatchObject({
      sourceRows: 6,
      targetRows: 3,
      isSourceWhole: true,
      isTargetWhole: false,
    })
  })
})
