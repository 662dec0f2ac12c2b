import { describe, expect, it } from 'vitest'
import { createFinding } from '@/lib/core/finding'
import { choicesOf, isComplete, readQuestions } from './repair-plan'

const orphans = createFinding({
  code: 'ORPHAN_ROWS',
  severity: 'blocks',
  table: 'Post',
  column: 'tenant, author',
  message: '',
  hint: '',
  kind: 'orphans',
  choices: [{ choice: 'delete', effect: '' }],
})
const unrepairable = createFinding({ code: 'CHECK_VIOLATED', severity: 'blocks', table: 'Post', message: '', hint: '' })
const note = createFinding({ code: 'INT_TRUNCATED', severity: 'note', table: 'Post', column: 'n', message: '', hint: '' })
const before = { ...orphans, table: 'Comment', severity: 'repaired' as const, chosen: 'delete' }

describe('what is to be decided after the checks refused', () => {
  it('is asked once for each place, with what was chosen before; notes are not asked about', () => {
    const { questions, chosen } = readQuestions([orphans, orphans, note, before])
    expect(questions.map(({ scope, kind }) => [scope, kind])).toEqual([
      ['Post.tenant', 'orphans'],
      ['Comment.tenant', 'orphans'],
    ])
    expect(Object.values(chosen)).toEqual(['delete'])
  })

  it('is complete when each place has an answer, and is never so with a finding that no repair is safe for', () => {
    const { questions, chosen } = readQuestions([orphans, before])
    expect(isComplete(questions, chosen)).toBe(false)
    const answers = { ...chosen, [questions[0]?.id ?? '']: 'delete' }
    expect(isComplete(questions, answers)).toBe(true)
    expect(choicesOf(questions, answers)).toEqual([
      { kind: 'orphans', choice: 'delete', scope: 'Post.tenant' },
      { kind: 'orphans', choice: 'delete', scope: 'Comment.tenant' },
    ])
    const equal = { ...orphans, code: 'DUPLICATE_AFTER_CONVERSION', params: { rows: 'equal' } }
    const both = readQuestions([equal, { ...equal, params: { rows: 'differing' }, choices: [] }])
    expect(both.questions.map(({ kind }) => kind)).toEqual(['orphans', null])
    const more = readQuestions([orphans, before, unrepairable])
    expect(isComplete(more.questions, answers)).toBe(false)
  })
})
