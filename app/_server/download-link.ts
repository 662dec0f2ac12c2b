import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { SessionUser } from '@/lib/auth/roles'
import { AppError } from '@/lib/core/errors'

/** How long a link works; a download that began goes on after it. */
export const linkSeconds = 60 * 60

/**
 * A statement "this session may download this", good for an hour and worth nothing in another session: it is made of the
 * person and of the moment when they signed in.
 */
export function signDownload(
  user: SessionUser,
  subject: string,
  now: Date,
  secret: string,
): { readonly token: string; readonly expiresAt: Date } {
  const expiresAt = new Date(now.getTime() + linkSeconds * 1000)
  const expires = Math.floor(expiresAt.getTime() / 1000)
  return { token: `${expires}.${signatureOf(user, subject, expires, secret).toString('base64url')}`, expiresAt }
}

/** @throws AppError NOT_ALLOWED for a link that is not this session's, of something else, or too old */
export function requireDownload(token: string, user: SessionUser, subject: string, now: Date, secret: string): void {
  const [expires = '', signature = ''] = token.split('.')
  const seconds = /^\d{1,12}$/.test(expires) ? Number(expires) : 0
  const expected = signatureOf(user, subject, seconds, secret)
  const given = Buffer.from(signature, 'base64url')
  if (seconds * 1000 > now.getTime() && given.length === expected.length && timingSafeEqual(given, expected)) return
  throw new AppError({
    code: 'NOT_ALLOWED',
    operation: 'download',
    message: 'This link is not for this session, or it has expired.',
    hint: 'Ask for a new one on the Backups page.',
  })
}

function signatureOf(user: SessionUser, subject: string, expires: number, secret: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'bascule download links', 32))
  return createHmac('sha256', key)
    .update(JSON.stringify([user.id, user.authenticatedAt.getTime(), subject, expires]))
    .digest()
}
