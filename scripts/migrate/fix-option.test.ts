import { describe, expect, it } from 'vitest'
import { repairKinds } from '@/lib/core/repair-choice'
import { jobPayloads } from '@/lib/jobs/job'
import english from '@/messages/en.json'
import french from '@/messages/fr.json'
import { describeFixes, parseFixes } from './fix-option'

describe('--fix', () => {
  it('takes several choices, each with its place; commas may be part of a name', () => {
    expect(parseFixes(['orphans=null:Post.authorId,nul=strip', 'orphans=delete:a,b.c:d'])).toEqual([
      { kind: 'orphans', choice: 'null', scope: 'Post.authorId' },
      { kind: 'nul', choice: 'strip', scope: null },
      { kind: 'orphans', choice: 'delete', scope: 'a,b.c:d' },
    ])
  })

  it.each(['orphans', 'orphans=keep', 'nothing=null', '=null', 'orphans=null:', 'toString=null', 'orphans=toString'])(
    'refuses %s with the list of what there is',
    (text) => {
      expect(() => parseFixes([text])).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT', hint: expect.stringContaining('orphans=null|delete') }),
      )
    },
  )

  it('offers what the page offers: each choice is taken by the job that the page queues, and has its words in both languages', () => {
    const choices = jobPayloads.migrate.shape.choices
    for (const [kind, offered] of Object.entries(repairKinds)) {
      for (const choice of Object.keys(offered)) {
        const parsed = parseFixes([`${kind}=${choice}:Table.column`])
        expect(choices.parse(parsed)).toEqual(parsed)
        for (const { kinds, effects } of [english, french].map(({ migration }) => migration.repairs)) {
          expect(kinds).toHaveProperty(kind, expect.any(String))
          expect(
            [`${kind}-${choice}`, choice].some((name) => Object.hasOwn(effects, name)),
            `${kind}=${choice}`,
          ).toBe(true)
        }
      }
    }
  })

  it('describes every choice', () => {
    const help = describeFixes()
    for (const [kind, choices] of Object.entries(repairKinds))
      for (const choice of Object.keys(choices)) expect(help).toContain(`${kind}=${choice} `)
  })
})
