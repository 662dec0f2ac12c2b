import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** How long a person counts as having just shown who they are, in seconds. */
export const recentAuthenticationSeconds = 10 * 60

/**
 * A signed statement "this user gave the password at this time", kept by the browser in a cookie. It names
 * the user, so that it is worth nothing in another's session.
 */
export function signRecentAuthentication(userId: string, at: Date, secret: string): string {
  return sign(userId, at, secret, recent)
}

/**
 * A signed statement "this administrator gave the password of the SQLite copy at this time", for who has to act while the
 * accounts cannot be asked. A key of its own: neither can stand for the other.
 */
export function signEmergencyPass(userId: string, at: Date, secret: string): string {
  return sign(userId, at, secret, emergency)
}

/** Who gave it, and when; null when it is not ours or older than ten minutes. */
export function readEmergencyPass(
  statement: string | undefined,
  now: Date,
  secret: string,
): { readonly userId: string; readonly at: Date } | null {
  const userId = Buffer.from(statement?.split('.')[0] ?? '', 'base64url').toString()
  const at = read(statement, userId, now, secret, emergency)
  return at && { userId, at }
}

const recent = 'bascule recent authentication'
const emergency = 'bascule emergency'

function sign(userId: string, at: Date, secret: string, purpose: string): string {
  const payload = `${Buffer.from(userId).toString('base64url')}.${Math.floor(at.getTime() / 1000)}`
  return `${payload}.${signatureOf(payload, secret, purpose).toString('base64url')}`
}

/** When the user of this statement gave the password; null when it is not ours, not theirs, or older than ten minutes. */
export function readRecentAuthentication(statement: string | undefined, userId: string, now: Date, secret: string): Date | null {
  return read(statement, userId, now, secret, recent)
}

function read(statement: string | undefined, userId: string, now: Date, secret: string, purpose: string): Date | null {
  const [user, seconds, signature, ...rest] = statement?.split('.') ?? []
  if (user === undefined || seconds === undefined || signature === undefined || rest.length > 0) return null
  const expected = signatureOf(`${user}.${seconds}`, secret, purpose)
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
function signatureOf(payload: string, secret: string, purpose: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
  return createHmac('sha256', key).update(payload).digest()
}
