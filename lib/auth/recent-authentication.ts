import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** How long a person counts as having just shown who they are, in seconds. */
export const recentAuthenticationSeconds = 10 * 60

/**
 * A signed statement "this user gave the password at this time", kept by the browser in a cookie. It names
 * the user, so that it is worth nothing in another's session.
 */
export function signRecentAuthentication(userId: string, at: Date, secret: string): string {
  const payload = `${Buffer.from(userId).toString('base64url')}.${Math.floor(at.getTime() / 1000)}`
  return `${payload}.${signatureOf(payload, secret).toString('base64url')}`
}

/** When the user of this statement gave the password; null when it is not ours, not theirs, or older than ten minutes. */
export function readRecentAuthentication(statement: string | undefined, userId: string, now: Date, secret: string): Date | null {
  const [user, seconds, signature, ...rest] = statement?.split('.') ?? []
  if (user === undefined || seconds === undefined || signature === undefined || rest.length > 0) return null
  const expected = signatureOf(`${user}.${seconds}`, secret)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  if (Buffer.from(user, 'base64url').toString() !== userId) return null
  const at = new Date(Number(seconds) * 1000)
  return isRecent(at, now) ? at : null
}

/** Whether a moment lies within the last ten minutes. */
export function isRecent(at: Date, now: Date): boolean {
  const ageMs = now.getTime() - at.getTime()
  // A second of tolerance ahead: the statement holds whole seconds, and clocks differ a little.
  return ageMs > -1_000 && ageMs <= recentAuthenticationSeconds * 1000
}

/** A key of its own, so that this signature can never be taken for another that uses the same secret. */
function signatureOf(payload: string, secret: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'bascule recent authentication', 32))
  return createHmac('sha256', key).update(payload).digest()
}
