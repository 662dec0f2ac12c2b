import type { AuthOptions } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import GitHub from 'next-auth/providers/github'
import Google from 'next-auth/providers/google'
import { getContainer } from '@/app/_server/container'
import { clientAddress, usesSecureCookies } from '@/app/_server/session'
import { checkCredentials, isRateLimited } from '@/lib/auth/credentials'
import { findByEmailWithPassword } from '@/lib/cvsite/accounts'
import { createAccountAdapter } from './account-adapter'
import { signInLimits } from './sign-in-limits'

/** How long a sign-in lasts, in seconds. */
const sessionSeconds = 14 * 24 * 60 * 60

/**
 * next-auth as this app uses it: sessions in a signed and encrypted cookie that holds no more than the user's
 * id and when they signed in (made anew at each sign-in), so that they do not depend on which database is
 * active; everything else is asked of the active database.
 */
export async function createAuthOptions(): Promise<AuthOptions> {
  const { environment, appDatabase, logger } = await getContainer()
  const { github, google } = environment.oauth
  // next-auth builds its callback addresses from this variable alone.
  process.env.NEXTAUTH_URL ??= environment.siteUrl
  return {
    secret: environment.nextAuthSecret,
    useSecureCookies: usesSecureCookies(environment.siteUrl),
    session: { strategy: 'jwt', maxAge: sessionSeconds },
    pages: { signIn: '/sign-in', error: '/sign-in', signOut: '/' },
    adapter: createAccountAdapter(appDatabase),
    providers: [
      Credentials({
        credentials: { email: { type: 'email' }, password: { type: 'password' } },
        authorize: async (input) => {
          try {
            const check = { findByEmail: (email: string) => findByEmailWithPassword(appDatabase, email), limits: signInLimits() }
            const account = await checkCredentials(check, input, await clientAddress())
            return account && { id: account.id }
          } catch (error) {
            // The message ends up in the answer: a word of ours, never that of a database.
            if (isRateLimited(error)) throw new Error('RateLimited')
            logger.error({ err: error }, 'sign-in failed')
            throw new Error('Unavailable')
          }
        },
      }),
      ...(github ? [GitHub({ clientId: github.id, clientSecret: github.secret })] : []),
      ...(google ? [Google({ clientId: google.id, clientSecret: google.secret })] : []),
    ],
    callbacks: {
      // Google says whether the address is verified; without that, somebody could take over another's.
      signIn: ({ account, profile }) =>
        account?.provider !== 'google' || (profile as { email_verified?: boolean } | undefined)?.email_verified === true,
      jwt: ({ token, user }) => {
        if (user) return { sub: user.id, authTime: Math.floor(Date.now() / 1000) }
        return token
      },
      // Pages and routes ask getSessionUser; the browser needs no more than to know that there is a session.
      session: ({ session }) => ({ expires: session.expires }),
    },
    logger: {
      error: (code, metadata) => logger.error({ code, err: metadata instanceof Error ? metadata : undefined }, 'next-auth'),
      warn: (code) => logger.warn({ code }, 'next-auth'),
      debug: () => undefined,
    },
  }
}
