import { createTranslator } from 'next-intl'
import { describe, expect, it } from 'vitest'
import { type CheckCode, checkCatalogue, checkCodes } from '@/lib/preflight/check-catalogue'
import type { PreflightCheck } from '@/lib/preflight/preflight-result'
import en from '@/messages/en.json' with { type: 'json' }
import fr from '@/messages/fr.json' with { type: 'json' }
import { formatBytes, formatMs, wordsOf } from './preflight-words'

const outcomesOf = (code: CheckCode) => Object.entries<string>(checkCatalogue[code].outcomes)
// Whatever a sentence may ask for; what it asks for beside these would show as an error here and on the page.
const figures = {
  ...{
    size: 'x',
    pending: 'x',
    free: 3,
    needed: 4,
    database: 'x',
    read: 'x',
    latency: 'x',
    difference: 'x',
    uncertainty: 'x',
    compared: 'x',
    behind: 'x',
  },
  ...{
    tables: 2,
    version: '1',
    rows: 2,
    pages: 2,
    migrations: 2,
    schema: 's',
    timeZone: 'z',
    app: 10,
    files: 2,
    sound: 2,
    direction: 'behind',
    serverVersion: '1',
    count: 2,
  },
}

describe.each([
  ['en', en],
  ['fr', fr],
] as const)('the words of the checks in %s', (locale, messages) => {
  it('are there for every outcome, with a remedy for all that did not pass, and can be formatted', () => {
    const problems: string[] = []
    const t = createTranslator({
      locale,
      messages: messages as typeof en,
      namespace: 'preflight',
      onError: (error) => problems.push(error.message),
    })
    const translate = t as unknown as (key: string, values?: object) => string
    for (const code of checkCodes) {
      translate(`checks.${code}.title`)
      translate(`checks.${code}.why`)
      for (const [outcome, status] of outcomesOf(code)) {
        for (const count of [1, 2]) translate(`checks.${code}.outcomes.${outcome}.what`, { ...figures, count })
        if (status !== 'passed') translate(`checks.${code}.outcomes.${outcome}.remedy`, figures)
      }
    }
    expect(problems).toEqual([])
  })
})

it('a check is put into words with its figures, and an unasked one with its reason', () => {
  const base = { group: 'files' as const, where: null, count: null, examples: [], remedy: null, error: null }
  const room: PreflightCheck = {
    ...base,
    code: 'files-safety-disk',
    status: 'passed',
    outcome: 'room',
    params: { freeBytes: 2e9, neededBytes: 1_536 },
  }
  expect(wordsOf(room)).toMatchObject({ what: '1.9 GB are free; 1.5 KB are needed.', hint: null })
  const error = { code: 'INTERNAL', message: 'EACCES: permission denied', hint: null }
  expect(wordsOf({ ...room, status: 'unknown', outcome: 'unasked', params: {}, error }).what).toBe(
    'It could not be asked. EACCES: permission denied',
  )
})

it('sizes and times are short', () => {
  expect([0, 1023, 1536, 5e9].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KB', '4.7 GB'])
  expect([0.4, 250, 61_000, 600_000, 9e6].map(formatMs)).toEqual(['0.4 ms', '250 ms', '61.0 s', '10 min', '2.5 h'])
})
