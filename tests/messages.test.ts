import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTranslator } from 'next-intl'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '@/lib/core/errors'
import { findingCodes } from '@/lib/core/finding-codes'
import { functionCause, functionCauseCodes } from '@/lib/cvsite/function-causes'
import { structureKinds } from '@/lib/postgres/structure-record'
import { tableCauseCodes, wordTableCause } from '@/lib/verification/table-cause'
import { findLocaleProblems, flatten, type Messages } from './support/message-keys'

const read = async (locale: string): Promise<Messages> =>
  JSON.parse(await readFile(join(import.meta.dirname, `../messages/${locale}.json`), 'utf8'))

describe('the messages', () => {
  it('are the same in both languages: keys, placeholders, nothing empty', async () => {
    expect(findLocaleProblems(await read('en'), await read('fr'))).toEqual([])
  })

  it.each(['en', 'fr'])('have a text for every error code in %s', async (locale) => {
    const keys = [...flatten(await read(locale)).keys()]
    const missing = errorCodes.filter((code) => !keys.some((key) => key === `errors.${code}` || key.startsWith(`errors.${code}.`)))
    expect(missing).toEqual([])
  })

  it.each(['en', 'fr'])('have sentences for every finding in %s, and none for another', async (locale) => {
    const { codes } = (await read(locale)).findings as { codes: Record<string, { message?: string; says?: string; hint?: string }> }
    const worded = Object.entries(codes).filter(([, words]) => words.hint && (words.message ?? words.says))
    expect(worded.map(([code]) => code).sort()).toEqual([...findingCodes].sort())
  })

  it.each(['en', 'fr'] as const)(
    'say in %s why a table was not compared and why a function failed, in English as the terminal does',
    async (locale) => {
      const translate = createTranslator({ locale, messages: await read(locale) }) as unknown as (key: string, values?: object) => string
      const params = { message: 'm', sourceRows: 1, targetRows: 2, sourceCounted: 3, targetCounted: 4, columns: 'c', count: 2, all: 3 }
      const words = [
        ...tableCauseCodes.map((code) => [translate(`verification.cause.${code}`, params), wordTableCause({ code, params })]),
        ...functionCauseCodes.map((code) => [
          translate(`verification.functions.cause.${code}`, params),
          functionCause(code, params).message,
        ]),
      ]
      for (const [page = '', terminal] of words) expect(page === terminal && page !== '').toBe(locale === 'en')
    },
  )

  it('have a word for every kind of thing that a structure has', async () => {
    const kinds = structureKinds.map((kind) => kind.replace('-', ' ')).sort()
    for (const locale of ['en', 'fr']) expect(Object.keys(((await read(locale)).findings as { kinds: object }).kinds).sort()).toEqual(kinds)
  })

  it('write French with its own spaces and quotation marks', async () => {
    // Nothing, or an ordinary space, where French has a no-break one; quotation marks of typewriters.
    const breaksRule = /[^\u00a0\u202f][;!?»](?!\w)|[\p{L}\d)»] ?:(?=\s|$)|«[^\u00a0\u202f]|"/u
    const wrong = [...flatten(await read('fr'))].filter(([, text]) => breaksRule.test(text))
    expect(wrong).toEqual([])
  })
})

describe('the comparison of languages can fail', () => {
  it.each([
    [{ a: 'x', b: 'y' }, { a: 'x' }, 'b: not in the second'],
    [{ a: 'x' }, { a: 'x', b: 'y' }, 'b: not in the first'],
    [{ a: '{count} rows' }, { a: '{nombre} lignes' }, 'a: other placeholders'],
    [{ a: 'x' }, { a: ' ' }, 'a: empty'],
  ])('%j and %j', (first, second, problem) => {
    expect(findLocaleProblems(first, second)).toContain(problem)
  })

  it('but not on plural forms of their own', () => {
    const english = { a: '{count, plural, one {# row} other {# rows}} of {table}' }
    const french = { a: '{count, plural, one {# ligne} many {# de lignes} other {# lignes}} de {table}' }
    expect(findLocaleProblems(english, french)).toEqual([])
  })
})
