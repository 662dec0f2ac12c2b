import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SessionUser } from '@/lib/auth/roles'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { linkSeconds, requireDownload, signDownload } from './download-link'
import { fileResponse, parseRange } from './file-response'

const secret = 'a secret of at least thirty-two characters'
const now = new Date('2026-01-01T00:00:00Z')
const user: SessionUser = { id: 'a', email: 'a@example.org', name: null, role: 'ADMIN', authenticatedAt: now }

describe('a link to download', () => {
  const { token } = signDownload(user, 'backup 1', now, secret)
  const attempt =
    (who: SessionUser, subject: string, at: Date, given = token) =>
    () =>
      requireDownload(given, who, subject, at, secret)

  it('works for its session and an hour', () => {
    expect(attempt(user, 'backup 1', now)).not.toThrow()
    expect(attempt(user, 'backup 1', new Date(now.getTime() + linkSeconds * 1000))).toThrow(/expired/)
  })

  it('is worth nothing to another person, in another session of the same person, for something else, or changed', () => {
    expect(attempt({ ...user, id: 'b' }, 'backup 1', now)).toThrow()
    expect(attempt({ ...user, authenticatedAt: new Date(now.getTime() + 1000) }, 'backup 1', now)).toThrow()
    expect(attempt(user, 'backup 2', now)).toThrow()
    for (const given of ['', '.', '9999999999.', token.replace(/^\d+/, '9999999999'), `${token}x`])
      expect(attempt(user, 'backup 1', now, given)).toThrow()
  })
})

describe('a range of a file', () => {
  it.each([
    ['bytes=0-99', { start: 0, end: 99 }],
    ['bytes=990-', { start: 990, end: 999 }],
    ['bytes=-10', { start: 990, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=0-5000', { start: 0, end: 999 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-3', null],
    ['bytes=0-1,5-6', null],
    ['lines=1-2', null],
    [null, null],
  ] as const)('%s', (header, expected) => {
    expect(parseRange(header, 1000)).toEqual(expected)
  })

  it('is answered with its bytes; of another version, with the whole', async () => {
    await using folder = await createTemporaryFolder('download')
    const path = join(folder.path, 'file')
    await writeFile(path, '0123456789')
    const served = { path, name: 'backup.tar.gz', sizeBytes: 10, etag: 'abc' }
    const ask = (headers: Record<string, string>) => fileResponse(new Request('http://localhost/', { headers }), served)
    const part = await ask({ range: 'bytes=2-4', 'if-range': '"abc"' })
    expect([part.status, part.headers.get('content-range'), part.headers.get('content-length'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '3',
      '234',
    ])
    const whole = await ask({ range: 'bytes=2-4', 'if-range': '"other"' })
    expect([whole.status, whole.headers.get('content-length'), await whole.text()]).toEqual([200, '10', '0123456789'])
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="backup.tar.gz"')
    expect((await ask({ range: 'bytes=10-' })).status).toBe(416)
  })
})
