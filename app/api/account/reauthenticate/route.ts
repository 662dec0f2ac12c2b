import { cookies } from 'next/headers'
import { z } from 'zod'
import { userRoute } from '@/app/_server/api-route'
import { clientAddress, recentAuthenticationCookie, usesSecureCookies } from '@/app/_server/session'
import { signInLimits } from '@/app/api/auth/sign-in-limits'
import { verifyPassword } from '@/lib/auth/password'
import { recentAuthenticationSeconds, signRecentAuthentication } from '@/lib/auth/recent-authentication'
import { AppError } from '@/lib/core/errors'
import { findPasswordHash } from '@/lib/cvsite/accounts'

const bodySchema = z.object({ password: z.string().min(1).max(1_000) })

/**
 * Asks for the password again before a weighty step. The right one sets a cookie that counts for ten minutes;
 * attempts count like those of a sign-in. Somebody who signs in elsewhere has no password: signing in again does it.
 */
export const POST = userRoute({ body: bodySchema }, async ({ user, container, body }) => {
  const address = await clientAddress()
  await signInLimits().countAttempt(user.email, address)
  const passwordHash = await findPasswordHash(container.appDatabase, user.id)
  if (!(await verifyPassword(passwordHash, body.password))) throw wrongPassword(passwordHash !== null)
  await signInLimits().forgive(user.email, address)
  const { nextAuthSecret, siteUrl } = container.environment
  const store = await cookies()
  store.set(recentAuthenticationCookie, signRecentAuthentication(user.id, new Date(), nextAuthSecret), {
    httpOnly: true,
    sameSite: 'strict',
    secure: usesSecureCookies(siteUrl),
    path: '/',
    maxAge: recentAuthenticationSeconds,
  })
  return { validForSeconds: recentAuthenticationSeconds }
})

function wrongPassword(hasPassword: boolean): AppError {
  return new AppError({
    code: 'INVALID_INPUT',
    operation: 'authenticate again',
    subject: 'password',
    message: hasPassword ? 'The password is not right.' : 'This account has no password.',
    hint: hasPassword ? 'Type the password that you sign in with.' : 'Sign out and in again, then repeat the step within ten minutes.',
  })
}
