import { cookies, headers } from 'next/headers'
import { forbidden, redirect } from 'next/navigation'
import { getToken } from 'next-auth/jwt'
import { cache } from 'react'
import { isRecent, readRecentAuthentication } from '@/lib/auth/recent-authentication'
import { isAdmin, type SessionUser } from '@/lib/auth/roles'
import { isSessionGood } from '@/lib/control/session-revocation'
import { AppError } from '@/lib/core/errors'
import { findUser } from '@/lib/cvsite/accounts'
import { getContainer } from './container'
import { isPostgresGone } from './emergency-situation'

export type { SessionUser } from '@/lib/auth/roles'

/** The cookie with the signed statement that the password was given a moment ago. */
export const recentAuthenticationCookie = 'cvsite.recent-authentication'

/**
 * The person behind the present request, or null. The cookie only names them: whether they still exist, and
 * with which role, is read from the active database now, so that a changed role or a removed user counts at
 * the next request and a session outlives the switch of databases. Read once per rendered page.
 */
export const getSessionUser = cache(async (): Promise<SessionUser | null> => {
  const container = await getContainer()
  const { environment, appDatabase, control } = container
  const token = await getToken({
    // getToken asks for a request but reads no more of it than these two.
    req: { cookies: Object.fromEntries((await cookies()).getAll().map(({ name, value }) => [name, value])), headers: {} } as never,
    secret: environment.nextAuthSecret,
    secureCookie: usesSecureCookies(environment.siteUrl),
  })
  if (!token?.sub || typeof token.authTime !== 'number') return null
  const authenticatedAt = new Date(token.authTime * 1000)
  if (!(await isSessionGood(control, token.sub, authenticatedAt))) return null
  const user = await findUser(appDatabase, token.sub).catch(async (error: unknown) => {
    throw (await isPostgresGone(container)) ? accountsGone(error) : error
  })
  return user && { ...user, authenticatedAt }
})

/** The admin behind a page: nobody is sent to sign in and back to `path`, a plain user gets the 403 page. */
export async function requireAdminPage(path = '/admin'): Promise<SessionUser> {
  const user = await requireUserPage(path).catch((error: unknown) => {
    // Nobody can be known while PostgreSQL is gone; the one page that needs no session says what can be done.
    if (error instanceof AppError && error.code === 'TARGET_UNREACHABLE') redirect('/emergency')
    throw error
  })
  if (!isAdmin(user)) forbidden()
  return user
}

/** The signed-in person behind a page: nobody is sent to sign in and back to `path`. */
export async function requireUserPage(path: string): Promise<SessionUser> {
  return (await getSessionUser()) ?? redirect(`/sign-in?from=${encodeURIComponent(path)}`)
}

/** Whether this person gave their password within the last ten minutes, at sign-in or asked again since. */
export async function hasRecentAuthentication(user: SessionUser): Promise<boolean> {
  const { environment } = await getContainer()
  const now = new Date()
  if (isRecent(user.authenticatedAt, now)) return true
  const statement = (await cookies()).get(recentAuthenticationCookie)?.value
  return readRecentAuthentication(statement, user.id, now, environment.nextAuthSecret) !== null
}

/** Cookies are sent over https alone when people reach the app by https. */
export function usesSecureCookies(siteUrl: string): boolean {
  return siteUrl.startsWith('https://')
}

/**
 * The network address behind the present request, for counting attempts. The last entry is the one that the
 * nearest proxy (or Next itself) wrote; those before it are whatever the client claimed.
 */
export async function clientAddress(): Promise<string> {
  const forwarded = (await headers()).get('x-forwarded-for')
  return forwarded?.split(',').at(-1)?.trim() || 'unknown'
}

function accountsGone(cause: unknown): AppError {
  return new AppError({
    code: 'TARGET_UNREACHABLE',
    operation: 'read the account',
    message: 'The PostgreSQL database that the app runs on does not answer.',
    hint: 'Wait until it is back. An administrator finds the emergency way to SQLite at /emergency.',
    retryable: true,
    cause,
  })
}
