import { describe, expect, it } from 'vitest'
import { type AccountWithPassword, checkCredentials } from './credentials'
import { ownPathOr } from './own-path'
import { hashPassword, verifyPassword } from './password'
import { readRecentAuthentication, recentAuthenticationSeconds, signRecentAuthentication } from './recent-authentication'
import { createSignInLimits } from './sign-in-limits'

describe('passwords', () => {
  it('are kept as argon2id with a salt of their own, and verified', async () => {
    const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')])
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(first).not.toBe(second)
    expect(await verifyPassword(first, 'correct horse')).toBe(true)
    expect(await verifyPassword(first, 'Correct horse')).toBe(false)
    expect(await verifyPassword('not a hash', 'correct horse')).toBe(false)
    expect(await verifyPassword(null, 'no account has this password')).toBe(false)
  })

  it('take as long to refuse for an unknown account as for a known one', async () => {
    const known = await hashPassword('correct horse')
    await verifyPassword(null, 'warm up')
    const time = async (passwordHash: string | null) => {
      const started = performance.now()
      for (let count = 0; count < 8; count++) await verifyPassword(passwordHash, 'wrong')
      return performance.now() - started
    }
    const [unknownMs, knownMs] = [await time(null), await time(known)]
    // A lookup alone would be a hundred times faster; the machine's load explains a factor of three.
    expect(unknownMs).toBeGreaterThan(knownMs / 3)
  })
})

describe('signing in', () => {
  const limits = () => createSignInLimits({ perAccountAndAddress: 3, perAddress: 6, perAccount: 5 })
  const account = async (): Promise<AccountWithPassword> => ({
    id: 'u1',
    email: 'a@cvsite.test',
    name: null,
    passwordHash: await hashPassword('right password'),
  })

  it('accepts the right password for an address in any case, and answers null to everything else', async () => {
    const known = await account()
    const check = { findByEmail: async (email: string) => (email === known.email ? known : null), limits: limits() }
    expect(await checkCredentials(check, { email: ' A@CVsite.test', password: 'right password' }, 'ip')).toEqual(known)
    expect(await checkCredentials(check, { email: 'a@cvsite.test', password: 'wrong' }, 'ip')).toBeNull()
    expect(await checkCredentials(check, { email: 'b@cvsite.test', password: 'right password' }, 'ip')).toBeNull()
    for (const input of [undefined, {}, { email: 'a@cvsite.test' }, { email: ['a'], password: {} }, { email: 'x', password: 'y' }]) {
      expect(await checkCredentials(check, input, 'ip')).toBeNull()
    }
  })

  it('refuses further attempts on an account, also made at once, and forgets them when the owner signs in', async () => {
    const known = await account()
    const check = { findByEmail: async () => known, limits: limits() }
    const attempt = (password: string, address = 'ip') =>
      checkCredentials(check, { email: known.email, password }, address).then(
        (found) => (found ? 'in' : 'wrong'),
        (error) => error.code,
      )
    expect(await Promise.all([attempt('a'), attempt('b'), attempt('c'), attempt('d'), attempt('e')])).toEqual([
      'wrong',
      'wrong',
      'wrong',
      'RATE_LIMITED',
      'RATE_LIMITED',
    ])
    // The owner, from elsewhere, still comes in.
    expect(await attempt('right password', 'home')).toBe('in')
    expect(await attempt('right password')).toBe('RATE_LIMITED')
  })
})

describe('the path after signing in', () => {
  it.each(['/admin', '/admin/migration?tab=1#top', '/cvs/ckabc', '/?x=//evil.example'])('%s is ours', (path) => {
    expect(ownPathOr(path, '/')).toBe(path)
  })

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'https:evil.example',
    '/\t/evil.example',
    ' //evil.example',
    '/..//evil.example',
    '/%2e%2e//evil.example',
    'javascript:alert(1)',
    '/sign-in?from=/sign-in',
    '/api/auth/signout',
    '',
    null,
    undefined,
  ])('%j is not', (path) => {
    expect(ownPathOr(path, '/home')).toBe('/home')
  })
})

describe('recent authentication', () => {
  const secret = 's'.repeat(32)
  const at = new Date('2026-01-01T00:00:00.000Z')
  const later = (seconds: number) => new Date(at.getTime() + seconds * 1000)

  it('holds for ten minutes, for that user alone', () => {
    const statement = signRecentAuthentication('u1', at, secret)
    expect(readRecentAuthentication(statement, 'u1', later(recentAuthenticationSeconds), secret)).toEqual(at)
    expect(readRecentAuthentication(statement, 'u1', later(recentAuthenticationSeconds + 1), secret)).toBeNull()
    expect(readRecentAuthentication(statement, 'u2', at, secret)).toBeNull()
    expect(readRecentAuthentication(statement, 'u1', at, 'another secret, long enough to sign')).toBeNull()
    expect(readRecentAuthentication(statement, 'u1', later(-60), secret)).toBeNull()
  })

  it('is worth nothing when altered', () => {
    const statement = signRecentAuthentication('u1', at, secret)
    const [user, , signature] = statement.split('.')
    for (const forged of [
      `${user}.${Math.floor(at.getTime() / 1000) + 5}.${signature}`,
      `${statement}.x`,
      `${user}..`,
      '',
      undefined,
      'a.b.c',
    ]) {
      expect(readRecentAuthentication(forged, 'u1', later(10), secret)).toBeNull()
    }
  })
})
