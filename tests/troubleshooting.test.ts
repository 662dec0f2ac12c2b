import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { searchEntries } from '@/components/troubleshooting/search-entries'
import { errorCodes } from '@/lib/core/errors'
import { entries, entryGroups, findEntry, isOwnCode, mendingPages, testKinds } from '@/lib/troubleshooting/catalogue'
import { findingNames, mends, outcomes } from '@/lib/troubleshooting/diagnosis'
import { flatten, type Messages } from './support/message-keys'

const root = join(import.meta.dirname, '..')
const read = async (locale: string): Promise<ReadonlyMap<string, string>> =>
  flatten(JSON.parse(await readFile(join(root, `messages/${locale}.json`), 'utf8')) as Messages)

describe.each(['en', 'fr'])('the troubleshooting catalogue in %s', (locale) => {
  it('has an entry with cause and remedy for every code of ours and of other programs', async () => {
    const texts = await read(locale)
    expect(errorCodes.filter((code) => findEntry(code)?.id !== code)).toEqual([])
    const wanted = entries.flatMap(({ id }) => {
      const isError = isOwnCode(id) || texts.has(`errors.${id}.title`)
      const parts = isError ? ['title', 'body', 'hint'] : ['title', 'cause', 'remedy']
      return parts.map((part) => `${isError ? 'errors' : 'troubleshooting.entries'}.${id}.${part}`)
    })
    expect(wanted.filter((key) => !texts.has(key))).toEqual([])
  })

  it('has a sentence for everything that a test can find, and for every word of the page', async () => {
    const texts = await read(locale)
    const wanted = [
      ...findingNames.map((name) => `findings.${name}`),
      ...testKinds.map((name) => `tests.${name}`),
      ...outcomes.map((name) => `outcomes.${name}`),
      ...mends.map((name) => `mends.${name}`),
      ...['all', ...entryGroups].map((name) => `groups.${name}`),
      ...mendingPages.map((name) => `pages.${name}`),
    ].map((key) => `troubleshooting.${key}`)
    expect(wanted.filter((key) => !texts.has(key))).toEqual([])
  })
})

describe('the catalogue', () => {
  it('knows each code once, and links only to pages that exist', () => {
    const codes = entries.flatMap(({ id, codes: others }) => [id, ...others])
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
    for (const page of mendingPages) expect(existsSync(join(root, 'app', page, 'page.tsx')), page).toBe(true)
  })

  it.each([
    ['ERROR: relation "User" does not exist', 'RELATION_MISSING'],
    ['FATAL: password authentication failed for user "cvsite_user"', 'TARGET_PASSWORD_REFUSED'],
    ["Error: P1001: Can't reach database server at `db:5432`", 'TARGET_UNREACHABLE'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'TARGET_UNREACHABLE'],
    ['pg_dump: error: aborting because of server version mismatch', 'PG_DUMP_VERSION'],
    ['ERROR: permission denied for schema public', 'TARGET_NOT_PRIVILEGED'],
    ['FATAL: sorry, too many clients already', 'TOO_MANY_CONNECTIONS'],
    ['could not extend file "base/1/2": No space left on device', 'TARGET_DISK_FULL'],
    ['SqliteError: database is locked', 'SOURCE_BUSY'],
    ['Error: P3005 The database schema is not empty.', 'SCHEMA_NOT_EMPTY'],
    ['Unique constraint failed on the fields: (`id`)', 'KEY_TAKEN'],
    ['self-signed certificate in certificate chain', 'CERTIFICATE_UNTRUSTED'],
    ['COUNTS_DIFFER', 'COUNTS_DIFFER'],
  ])('is found by the message "%s"', (message, id) => {
    const none = () => ({ title: '', cause: '', remedy: '' })
    expect(searchEntries(entries, none, message)[0]?.id).toBe(id)
  })
})
